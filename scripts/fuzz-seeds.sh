#!/usr/bin/env bash
# Writes down what fuzzing has found, after `make fuzz`: of each target the inputs of up to 1 KiB that together reach all that
# inputs so short have reached, as fuzz/seeds/TARGET.tar.gz. `make fuzz` starts from them.
# usage: scripts/fuzz-seeds.sh [TARGET…]
set -euo pipefail
cd "$(dirname "$0")/.."

LONGEST=1024
. scripts/fuzz-targets.sh "$@"
host=$(rustc -vV | sed -n 's/^host: //p')
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p fuzz/seeds
for target in "${targets[@]}"; do
  seeds=$scratch/$target
  mkdir "$seeds"
  "target/fuzz/$host/release/$target" -set_cover_merge=1 -max_len=$LONGEST "$seeds" "target/fuzz-corpus/$target" \
    >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; printf 'fuzz: %s: nothing could be written down\n' "$target" >&2; exit 1; }
  # The same inputs give the same archive.
  tar --sort=name --owner=0 --group=0 --numeric-owner --mode=0644 --mtime=@0 -C "$seeds" -cf - . | gzip -9n >"fuzz/seeds/$target.tar.gz"
  printf '%s: %d inputs\n' "$target" "$(find "$seeds" -type f | wc -l)"
done
