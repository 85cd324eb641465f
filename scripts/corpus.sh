#!/usr/bin/env bash
# Compares the facts of real binaries with what other tools gathered: make corpus MANIFEST=FILE ROOT=DIRECTORY [ONLY=TEXT]
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -z ${MANIFEST:-} || -z ${ROOT:-} ]]; then
    echo 'corpus: say MANIFEST=FILE (one JSON record a line) and ROOT=DIRECTORY (what its paths are relative to)' >&2
    exit 2
fi
MANIFEST=$(realpath "$MANIFEST") ROOT=$(realpath "$ROOT") exec cargo test --quiet --locked --test corpus
