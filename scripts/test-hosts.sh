#!/usr/bin/env bash
# test-hosts.sh   compares verdicts with real loaders in real root file systems (see scripts/roots.sh).
# The constructed cases always; with MANIFEST (lines of JSON: path, format, arch, bits, interpreter, is_static) and CORPUS (where its
# paths lie) every dynamic x86_64 binary too. ROOTS: names of scripts/roots.sh or NAME=DIRECTORY, separated by spaces; all by default.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${MANIFEST:-}" ]; then
  : "${CORPUS:?set CORPUS to the directory that the paths of MANIFEST start from}"
  exec cargo test --locked --test hosts -- --include-ignored --nocapture --test-threads 1
fi
exec cargo test --locked --test hosts -- --nocapture --test-threads 1
