#!/bin/sh
# Puts the uv that requirements.lock names, checked by hash, into the folder given: FOLDER/bin/uv.
set -eu
lock="$(dirname "$0")/../requirements.lock"

"${PYTHON:-python3}" -m venv "$1"
awk '/^uv==/,!/\\$/' "$lock" >"$1/uv.lock"
"$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1/uv.lock"
