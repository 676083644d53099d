#!/bin/sh
# Compares two photos: sh examples/java/run.sh first.jpg second.jpg [http://127.0.0.1:3000]
set -eu
top=$(dirname "$0")/../..
. "$top/examples/environment.sh"

jars=${JARS:-/usr/share/java}
classes=$(mktemp -d)
trap 'rm -r "$classes"' EXIT
libraries=$jars/httpclient.jar:$jars/httpcore.jar:$jars/commons-logging.jar:$jars/commons-codec.jar
javac -d "$classes" -cp "$libraries" "$(dirname "$0")/Verify.java"
java -cp "$classes:$libraries" Verify "$1" "$2" "${3:-$server}$path"
