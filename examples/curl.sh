#!/bin/sh
# Compares two photos: sh examples/curl.sh first.jpg second.jpg [http://127.0.0.1:3000] [--auto-rotate] [--check-quality]
set -eu
here=$(dirname "$0")
. "$here/environment.sh"

for flag; do
    shift
    set -- "$@" -d "$(echo "${flag#--}" | tr - _)=true"
done

# The Base64 goes through a pipe, since a photo is too long for a command line; curl drops the line
# ends.
encrypted=$("$python" -m verikit encrypt "$first" "$second")
printf '%s\n' "$encrypted" |
    sed -e '1s/^/first_encrypted_image=/' -e '2s/^/\&second_encrypted_image=/' |
    curl --silent --show-error --fail-with-body -X POST "$url" -d @- "$@" || refused=1
echo
exit "${refused:-0}"
