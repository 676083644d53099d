#!/bin/sh
# Installs what some tests drive from outside of Python: a browser, Node, Java, nginx, shells, an emulator.
# Without them these tests are skipped, and say so. Needs root and Debian or Ubuntu.
set -eu
export DEBIAN_FRONTEND=noninteractive

# nginx would be started as a service at once; the tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 143' INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi

apt-get update -q
apt-get install -q -y --no-install-recommends \
    chromium curl default-jdk-headless fish libatomic1 libhttpclient-java nginx-light nodejs qemu-user zsh
