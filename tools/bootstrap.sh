#!/bin/sh
# Fills .venv with exactly the versions of requirements.lock, checked by hash, and this project.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

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

"$python" -m venv .venv
# uv fills the environment some ten times faster than pip; its own pin and hashes are in the lock.
awk '/^uv==/,!/\\$/' requirements.lock >.venv/uv.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
.venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
