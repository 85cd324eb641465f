#!/usr/bin/env bash
# Checks what the tool depends on by deny.toml: licences, duplicates, sources, and advisories where their database can be
# fetched. usage: scripts/deny.sh [CHECK…]   without any, all of them
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

CARGO_DENY=0.20.2

if [ "$(cargo deny --version 2>/dev/null)" != "cargo-deny $CARGO_DENY" ]; then
  echo "deny: installing cargo-deny $CARGO_DENY into target/tools" >&2
  # Unoptimised: it is compiled once and runs for a second.
  CARGO_PROFILE_DEV_DEBUG=0 cargo install -q cargo-deny --version "$CARGO_DENY" --locked --debug --root target/tools
fi
cargo deny check "$@"
