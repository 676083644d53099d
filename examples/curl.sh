#!/bin/sh
# Compares two photos: sh examples/curl.sh first.jpg second.jpg [http://127.0.0.1:3000]
set -eu
top=$(dirname "$0")/..
. "$top/examples/environment.sh"

seal() { "$python" "$(dirname "$0")/seal.py" "$1"; }

# The Base64 goes through a pipe, since a photo is too long for a command line.
{
    printf 'first_encrypted_image=' && seal "$1"
    printf '&second_encrypted_image=' && seal "$2"
} | curl --silent --show-error --fail-with-body -X POST "${3:-$server}$path" -d @- -d auto_rotate=true
echo
