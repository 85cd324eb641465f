#!/usr/bin/env bash
# Fuzzes every reader of what comes from outside, and fails when one crashes, hangs or asks for too much memory.
# usage: scripts/fuzz.sh [SECONDS FOR EACH TARGET] [TARGET…]
#
# What is found is kept below target/fuzz-corpus and tried again first next time; an input that crashes is written below
# target/fuzz-artifacts. No sanitizer: the code is safe Rust, the one that finds its mistakes is the panic, and without a
# sanitizer the limit of memory is the program's own. That also spares everyone a nightly toolchain.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

CARGO_FUZZ=0.13.2
seconds=${1:-60}
shift || true
. scripts/fuzz-targets.sh "$@"

say() { printf 'fuzz: %s\n' "$*" >&2; }

if ! command -v cargo-fuzz >/dev/null; then
  say "installing cargo-fuzz $CARGO_FUZZ into target/tools"
  cargo install -q cargo-fuzz --version "$CARGO_FUZZ" --locked --root target/tools ||
    { say "cargo-fuzz could not be installed: nothing was tried"; exit 1; }
fi
say "building the targets"
# The versions that are fuzzed are those that are shipped.
cp Cargo.lock fuzz/Cargo.lock
cargo fuzz build -s none --target-dir target/fuzz >target/fuzz-build.log 2>&1 ||
  { cat target/fuzz-build.log >&2; say "the targets could not be built: nothing was tried"; exit 1; }
# Also where there is a corpus from before a target: what was found is kept.
if ! (for target in "${targets[@]}"; do [ -d "target/fuzz-corpus/$target" ] || exit 1; done); then
  rm -rf target/fuzz-corpus.new
  scripts/fuzz-corpus.py target/fuzz-corpus.new
  mkdir -p target/fuzz-corpus
  cp -rn target/fuzz-corpus.new/. target/fuzz-corpus
  rm -rf target/fuzz-corpus.new
fi

# What earlier runs have found (scripts/fuzz-seeds.sh).
for target in "${targets[@]}"; do
  [ -f "fuzz/seeds/$target.tar.gz" ] || continue
  mkdir -p "target/fuzz-corpus/$target"
  tar -xzf "fuzz/seeds/$target.tar.gz" -C "target/fuzz-corpus/$target" --skip-old-files
done

host=$(rustc -vV | sed -n 's/^host: //p')

# fuzz TARGET: its log, and its exit code in a file beside that
fuzz() {
  local seeds=target/fuzz-corpus/$1 artifacts=target/fuzz-artifacts/$1 log=target/fuzz-$1.log status=0
  mkdir -p "$seeds" "$artifacts"
  "target/fuzz/$host/release/$1" "$seeds" -artifact_prefix="$artifacts/" -max_total_time="$seconds" \
    -max_len=65536 -timeout=5 -rss_limit_mb=512 -print_final_stats=1 >"$log" 2>&1 || status=$?
  echo "$status" >"$log.status"
}

# As many at once as there are processors.
free=$(nproc 2>/dev/null || echo 1)
for target in "${targets[@]}"; do
  if [ "$free" = 0 ]; then wait -n; else free=$((free - 1)); fi
  fuzz "$target" &
done
wait

inputs=0
crashes=0
for target in "${targets[@]}"; do
  log=target/fuzz-$target.log
  tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  inputs=$((inputs + ${tried:-0}))
  if [ "$(cat "$log.status")" != 0 ]; then
    crashes=$((crashes + 1))
    tail -n 60 "$log" >&2
    say "$target: it crashed; the input is in target/fuzz-artifacts/$target"
  elif [ "${tried:-0}" = 0 ]; then
    say "$target: no input was tried, see $log"
    exit 1
  fi
  printf '%s: %s inputs tried in %s s\n' "$target" "${tried:-0}" "$seconds"
done
printf '%d inputs tried, %d crashes\n' "$inputs" "$crashes"
[ "$crashes" = 0 ]
