#!/usr/bin/env bash
# Runs the unit tests of the parsers in Miri, which stops at the first undefined behaviour, be it in a crate that they use.
# Prints `N tests, 0 undefined`. Needs a nightly toolchain: rustup toolchain install nightly --component miri rust-src
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

# What reads untrusted bytes or text, and needs neither files nor processes nor the network.
PURE=(
  facts:: hosts:: images::names:: images::tar:: policy::pattern:: plan::scan:: run::linker::response:: cli::split:: report::escape::
)
# What Miri cannot run, for it lets no program at the file system, or what takes it minutes: it is a thousand times slower.
SKIPPED=(
  # files
  facts::read:: facts::whole:: facts::object:: facts::source::tests::a_file_ hosts::rootfs::disk:: hosts::rootfs::links:: hosts::rootfs::tests::
  run::linker::response::tests::nested_files
  # iced-x86 looks at an entry of its tables through a reference to the entry's first part, which Stacked Borrows forbids
  facts::instructions::
  # megabytes, or every row of a table
  facts::rust_build_info:: facts::elf::notes::tests::notes_that_repeat
  facts::macho::code_signature::entitlements::tests::endless_nesting facts::texts:: facts::window::tests::a_window_for_one_table
  facts::libc::version::tests::every_release hosts::glibc:: hosts::catalogue:: images::tar::tests::every_truncation
  images::tar::tests::an_extended_header_has_a_bound
)

say() { printf 'miri: %s\n' "$*" >&2; }

rustup run nightly cargo miri --version >/dev/null 2>&1 || {
  say "no nightly toolchain with miri: rustup toolchain install nightly --component miri rust-src"
  exit 1
}
mkdir -p target
log=target/miri.log
status=0
rustup run nightly cargo miri test --locked --lib -- \
  "${PURE[@]}" $(printf -- '--skip %s ' "${SKIPPED[@]}") 2>&1 | tee "$log" || status=$?
undefined=$(grep -c '^error: Undefined Behavior' "$log" || true)
tests=$(sed -n 's/^test result: ok\. \([0-9]*\) passed.*/\1/p' "$log")
[ "$status" = 0 ] && [ "${tests:-0}" -gt 0 ] || { say "see $log: $undefined undefined"; exit 1; }
printf '%s tests, %s undefined\n' "$tests" "$undefined"
