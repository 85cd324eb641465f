#!/usr/bin/env bash
# Makes what is released: a static program that names its own dependencies, built through the tool itself under its own policy,
# packed with completions and the manual page, and signed for by a platform signature. It all goes into target/dist.
# usage: scripts/release.sh [TARGET…]   without any, for this machine's processor and musl
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
unset CARGO_TARGET_DIR

CARGO_AUDITABLE=0.7.7
# What the README promises.
MOST_BYTES=6000000

say() { printf 'release: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=("$(uname -m)-unknown-linux-musl")
if ! [ -x target/tools/bin/cargo-auditable ]; then
  say "installing cargo-auditable $CARGO_AUDITABLE into target/tools"
  CARGO_PROFILE_DEV_DEBUG=0 cargo install -q cargo-auditable --version "$CARGO_AUDITABLE" --locked --debug --root target/tools
fi

# The same inputs give the same bytes: neither the time nor the place of the build gets in.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

out=target/dist
rm -rf "$out"
mkdir -p "$out"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
cargo build --locked --bin seaworthy
guard=target/debug/seaworthy
. scripts/release-flags.sh

# pack TARGET: an archive of the programs and their papers
pack() {
  local name=seaworthy-$version-$1 shell alias
  local into=$out/$name
  mkdir -p "$into/completions"
  cp "target/$1/release/seaworthy" README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$into"
  # One program under four names.
  for alias in cargo-seaworthy seaworthy-cc seaworthy-ld; do ln -s seaworthy "$into/$alias"; done
  for shell in bash zsh fish; do "$guard" completions "$shell" >"$into/completions/seaworthy.$shell"; done
  "$guard" man >"$into/seaworthy.1"
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$out" -czf "$out/$name.tar.gz" "$name"
  rm -rf "$into"
}

for target in "${targets[@]}"; do
  say "building for $target"
  "$guard" --manifest "$out/seaworthy-$version-$target.platform-signature.json" \
    cargo auditable build --release --locked --bin seaworthy --target "$target"
  program=target/$target/release/seaworthy
  size=$(stat -c %s "$program")
  [ "$size" -le "$MOST_BYTES" ] || fail "$program has $size bytes, more than $MOST_BYTES"
  packages=$("$guard" facts --format json "$program" | python3 -c '
import json, sys
print(len(json.load(sys.stdin)["files"][0]["facts"]["slices"][0]["rust"]["packages"]))')
  [ "$packages" -gt 1 ] || fail "$program does not name its dependencies"
  say "$program: $size bytes, $packages packages named in it"
  pack "$target"
done
(cd "$out" && sha256sum -- * >SHA256SUMS && cat SHA256SUMS)
