#!/bin/sh
# Fills .venv with the versions of requirements.lock, checked by hash, and this project:
#   install.sh demo     what `verikit demo` needs
#   install.sh tests    everything that `verikit[all]` brings, and what its tests need
#   install.sh checks   the same, and what every other check needs that runs in .venv
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

case ${1-} in
demo) set -- --excludes tools/not-for-the-demo.txt --editable '.[client,conformance,server]' ;;
tests) set -- --group tests --editable '.[all]' ;;
checks)
    set -- --group tests --group browser --group lint --group deploy --group docs --editable '.[all]'
    ;;
*)
    say "usage: $0 demo | tests | checks"
    exit 2
    ;;
esac

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    say "Python 3.11 or later is needed; name it with PYTHON=/path/to/python3 make ..."
    exit 2
}

# Debian and Ubuntu ship the venv module without the part that puts pip into a new environment.
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing python3-venv, which this Python lacks."
        apt-get update -q >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends python3-venv >&2
    else
        say "This Python cannot make environments yet; run: sudo apt-get install python3-venv"
        exit 2
    fi
fi

if [ ! -x .venv/bin/uv ]; then
    say "1/2 Making .venv and putting uv into it, which installs the rest."
    sh tools/locked-uv.sh .venv
fi
# Behind a proxy that opens TLS, its certificate is among the system's only.
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
say "2/2 Installing verikit and what it needs into .venv, as locked."
.venv/bin/uv pip install --python .venv/bin/python \
    --constraint requirements.lock --build-constraint requirements.lock "$@"
