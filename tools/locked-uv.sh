#!/bin/sh
# Makes an environment with the uv that requirements.lock names, checked by hash: FOLDER/bin/uv.
set -eu
lock="$(dirname "$0")/../requirements.lock"

"${PYTHON:-python3}" -m venv "$1"
awk '/^uv==/,!/\\$/' "$lock" >"$1/uv.lock"
"$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1/uv.lock"
