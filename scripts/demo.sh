#!/usr/bin/env bash
# The main job on the examples: one project that passes and one that fails, for each tool, with the output they really print.
# Ends with 1 when an exit code is not the one it has to be (on Linux x86_64; elsewhere the examples are built for another
# target, and what is wrong with some of them does not show). Works on copies: nothing is built in the work tree.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

cargo build --locked
seaworthy=$(cd "${CARGO_TARGET_DIR:-target}/debug" && pwd)/seaworthy
unset CARGO_TARGET_DIR

scratch=$(mktemp -d "${TMPDIR:-/tmp}/seaworthy-demo.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cp -R examples/. "$scratch"

wrong=0
# demo EXPECTED-EXIT-CODE EXAMPLE ARGUMENTS...
demo() {
  local expected=$1 example=$2 status=0
  shift 2
  printf '\n$ cd examples/%s && seaworthy %s\n' "$example" "$*"
  (cd "$scratch/$example" && "$seaworthy" "$@") || status=$?
  if [ "$status" = "$expected" ] || [ "$(uname -sm)" != "Linux x86_64" ]; then
    printf '[exit code %s]\n' "$status"
  else
    printf '[exit code %s: expected %s]\n' "$status" "$expected"
    wrong=1
  fi
}

demo 0 rust-cli cargo build
demo 3 rust-musl-gcc cargo build
demo 0 go-cli go build
demo 3 go-cgo go build
exit $wrong
