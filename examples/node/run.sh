#!/bin/sh
# Compares two photos: sh examples/node/run.sh first.jpg second.jpg [http://127.0.0.1:3000] [--auto-rotate] [--check-quality]
set -eu
here=$(dirname "$0")/..
. "$here/environment.sh"

node "$here/node/verify.mjs" "$first" "$second" "$url" "$@"
