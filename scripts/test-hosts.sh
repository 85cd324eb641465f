#!/usr/bin/env bash
# test-hosts.sh   compares verdicts with real loaders in real root file systems (see scripts/roots.sh).
# The constructed cases always; with MANIFEST too every ELF file that it lists below CORPUS (see tests/hosts/manifest.rs), in every root of
# ROOTS: names of scripts/roots.sh, or NAME=DIRECTORY for any other, separated by spaces; all of roots.sh by default.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo test --locked --test hosts -- --nocapture --test-threads 1
[ -z "${MANIFEST:-}" ] || exec cargo test --quiet --locked --test hosts-corpus
