#!/bin/sh
# Compares two photos: sh examples/java/run.sh first.jpg second.jpg [http://127.0.0.1:3000] [--auto-rotate] [--check-quality]
set -eu
here=$(dirname "$0")/..
. "$here/environment.sh"

jars=${JARS:-/usr/share/java}
classes=$(mktemp -d)
trap 'rm -r "$classes"' EXIT
libraries=$jars/httpclient.jar:$jars/httpcore.jar:$jars/commons-logging.jar:$jars/commons-codec.jar
javac -d "$classes" -cp "$libraries" "$here"/java/*.java
java -cp "$classes:$libraries" Verify "$first" "$second" "$url" "$@"
