#!/usr/bin/env bash
# Compares the facts of real binaries with what other tools gathered.
# usage: make corpus [MANIFEST=FILE ROOT=DIRECTORY] [ONLY=TEXT]
#
# Without a manifest it is tests/corpus/core.jsonl, whose binaries (about 100, 360 MB) are downloaded into target/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -z ${MANIFEST:-} || -z ${ROOT:-} ]]; then
  MANIFEST=tests/corpus/core.jsonl ROOT=$PWD/target/corpus
  scripts/fetch-corpus.py --manifest "$MANIFEST" --root "$ROOT"
fi
export MANIFEST ROOT
MANIFEST=$(realpath "$MANIFEST") ROOT=$(realpath "$ROOT") exec cargo test --quiet --locked --test corpus
