#!/usr/bin/env bash
# Runs every test and ends with one line of counts over all test programs.
# usage: scripts/test.sh [ARGUMENTS FOR cargo test]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

mkdir -p "${CARGO_TARGET_DIR:-target}"
log="${CARGO_TARGET_DIR:-target}/test.log"
status=0
cargo test --locked --no-fail-fast "$@" 2>&1 | tee "$log" || status=$?
awk -v skipped="$(grep -c 'skipped: missing tools: ' "$log" || true)" '
  /^test result: / { passed += $4; failed += $6; ignored += $8 }
  END { printf "\nall tests: %d passed; %d failed; %d ignored; %d skipped for want of a tool\n", passed, failed, ignored, skipped }
' "$log"
exit "$status"
