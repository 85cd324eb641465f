#!/usr/bin/env bash
# Tests with programs from package registries: the wheel, pre-commit, pipx, the GitHub action, GitLab's job, cargo-zigbuild,
# cargo-xwin, cargo-dist.
# usage: scripts/test-adoption.sh [slow]   with `slow` also ko and goreleaser, which are compiled first, and Bazel
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh "adoption${1:+-$1}"
. scripts/env.sh

# The same profile and target directory as the tests', so that little is compiled anew.
wheels="$PWD/target/adoption/wheels"
mkdir -p "$wheels"
rm -f "$wheels"/seaworthy_guard-*
(cd python && maturin build --quiet --compatibility linux --out "$wheels")

skip=(--skip adoption::slow::)
[ "${1:-}" != slow ] || skip=()
cargo test --locked --test it -- --include-ignored adoption:: ${skip[@]+"${skip[@]}"}
