#!/usr/bin/env bash
# The second way to a Rust standard library for another target, for machines where rustup cannot download.
# usage: scripts/rust-std.sh PREFIX TARGET...
#
# Makes a private toolchain, PREFIX/toolchain: hard links to the machine's own, plus lib/rustlib/TARGET built from the
# library sources that Debian ships for Rust 1.96 (package rust-web-src), adapted to rustc 1.95 where that is the compiler.
# start files, libc.a and libunwind.a come from Debian's musl-dev, gcc and libunwind-22-dev. About a minute a target.
set -euo pipefail

SOURCE_VERSION=1.96.0
SOURCE_PACKAGE=rust-web-src=1.96.0+dfsg1-1~deb12u2

here=$(cd "$(dirname "$0")" && pwd)
prefix=$(mkdir -p "$1" && cd "$1" && pwd)
shift
unset RUSTC RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_TARGET_DIR CARGO_BUILD_TARGET CARGO_BUILD_RUSTFLAGS

fail() { printf 'rust-std: %s\n' "$*" >&2; exit 1; }

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || fail "needs Debian's apt-get and dpkg-deb"
real=$(rustc --print sysroot)
host=$(rustc -vV | sed -n 's/^host: //p')
compiler=$(rustc -vV | sed -n 's/^release: //p')
commit=$(rustc -vV | sed -n 's/^commit-hash: //p')
toolchain=$prefix/toolchain
library=$prefix/library

# link SOURCE... DIRECTORY: hard links, or copies on another file system
link() { cp -al "$@" 2>/dev/null || cp -a "$@"; }

download() { (mkdir -p "$prefix/debs" && cd "$prefix/debs" && apt-get -o APT::Sandbox::User=root -qq download "$@"); }

private_toolchain() {
  [ "$real" != "$toolchain" ] || return 0
  [ ! -x "$toolchain/bin/rustc" ] || return 0
  mkdir -p "$toolchain/bin" "$toolchain/lib/rustlib"
  link "$real"/bin/* "$toolchain/bin/"
  link "$real"/lib/*.so* "$toolchain/lib/"
  link "$real"/lib/rustlib/*/ "$toolchain/lib/rustlib/"
  for official in "$toolchain"/lib/rustlib/*/lib; do touch "$official/.done"; done
  link "$real"/lib/libLLVM.so.* "$toolchain/lib/rustlib/$host/lib/" # where rust-objcopy's RUNPATH points
}

sources() {
  [ ! -e "$library/.patched" ] || return 0
  rm -rf "$library"
  download "$SOURCE_PACKAGE" || fail "the package $SOURCE_PACKAGE is gone from Debian: pin a newer one here"
  dpkg-deb --fsys-tarfile "$prefix"/debs/rust-web-src_*.deb |
    tar -x -C "$prefix" --strip-components=4 "./usr/src/rustc-$SOURCE_VERSION/library"
  rm -rf "$library/stdarch/intrinsics_data"
  sed -i 's/^crate-type = \["dylib", "rlib"\]/crate-type = ["rlib"]/' "$library/std/Cargo.toml"
  case $compiler in
  1.96.*) ;;
  1.95.*) python3 "$here/rust-std-for-1.95.py" "$library" ;;
  *) fail "these sources fit rustc 1.95 and 1.96, this is $compiler" ;;
  esac
  touch "$library/.patched"
  (cd "$library" && RUSTC_BOOTSTRAP=1 cargo fetch -q --locked)
}

# build TARGET: the crates of std, with the same virtual paths as the official ones
build() {
  local target=$1 registry
  registry=$(find "${CARGO_HOME:-$HOME/.cargo}/registry/src" -mindepth 1 -maxdepth 1 -type d | head -n 1)
  (
    cd "$library"
    export RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$prefix/build" CARGO_INCREMENTAL=0 __CARGO_DEFAULT_LIB_METADATA=stdbuild
    RUSTFLAGS="-Zforce-unstable-if-unmarked -Cembed-bitcode=yes"
    RUSTFLAGS+=" --remap-path-prefix=$library=/rustc/$commit/library --remap-path-prefix=$registry=/rust/deps"
    export RUSTFLAGS
    cargo build -p std -p panic_abort -p test -p proc_macro --target "$target" --release \
      --features std/panic-unwind,std/backtrace --locked >"$prefix/build-$target.log" 2>&1
  ) || { grep -m 5 -A 6 ^error "$prefix/build-$target.log" >&2; fail "std for $target does not build, see $prefix/build-$target.log"; }
}

# start_files MUSL GCC OUT: what a static musl program is started with
start_files() {
  cp "$1"/{crt1.o,rcrt1.o,Scrt1.o,crti.o,crtn.o,libc.a} "$2"/{crtbegin.o,crtbeginS.o,crtend.o,crtendS.o} "$3/"
}

# Debian's libunwind.a is built against glibc with _FORTIFY_SOURCE: its *_chk functions have to come from somewhere.
musl_x86_64() {
  local out=$1
  start_files /usr/lib/x86_64-linux-musl "$(dirname "$(gcc -print-file-name=crtbeginS.o)")" "$out"
  download libunwind-22-dev:amd64
  dpkg-deb --fsys-tarfile "$prefix"/debs/libunwind-22-dev_*_amd64.deb | tar -xO ./usr/lib/x86_64-linux-gnu/libunwind.a >"$out/libunwind.a"
  cat >"$prefix/chk.c" <<'C'
#include <stdarg.h>
#include <stdio.h>
int __fprintf_chk(FILE *f, int flag, const char *format, ...) {
  va_list arguments; va_start(arguments, format);
  int written = vfprintf(f, format, arguments);
  va_end(arguments); (void)flag; return written;
}
C
  musl-gcc -O2 -fPIC -fno-stack-protector -c "$prefix/chk.c" -o "$prefix/chk.o"
  ar rs "$out/libunwind.a" "$prefix/chk.o" 2>/dev/null
}

# The arm64 packages come through an apt configuration of our own, so the system's architectures stay as they are.
musl_aarch64() {
  local out=$1 apt=$prefix/apt arm64=$prefix/arm64 mirror signed deb
  mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -n 1 | tr -d ' ')
  [ -n "$mirror" ] || fail "no Debian mirror in this machine's apt sources"
  signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg arch=arm64]'
  mkdir -p "$apt"/etc/{preferences.d,apt.conf.d,trusted.gpg.d} "$apt"/state/lists/partial "$apt"/cache/archives/partial "$arm64"
  : >"$apt/state/status"
  printf 'deb %s %s bookworm main\ndeb %s %s-security bookworm-security main\n' "$signed" "$mirror" "$signed" "${mirror%/}" >"$apt/etc/sources.list"
  cat >"$apt/apt.conf" <<C
Dir "$apt"; Dir::Etc "etc"; Dir::State "state"; Dir::State::status "state/status"; Dir::Cache "cache";
APT::Architecture "amd64"; APT::Architectures {"amd64";"arm64";}; Acquire::Languages "none";
C
  (
    export APT_CONFIG=$apt/apt.conf
    apt-get -o APT::Sandbox::User=root -qq update
    download musl-dev:arm64 libgcc-12-dev:arm64 libunwind-22-dev:arm64
  )
  for deb in "$prefix"/debs/*_arm64.deb; do dpkg -x "$deb" "$arm64"; done
  start_files "$arm64/usr/lib/aarch64-linux-musl" "$arm64/usr/lib/gcc/aarch64-linux-gnu/12" "$out"
  cp "$arm64"/usr/lib/aarch64-linux-musl/{libdl.a,libpthread.a} "$arm64/usr/lib/aarch64-linux-gnu/libunwind.a" "$out/"
  cat >"$prefix/chk.rs" <<'R'
#![no_std]
#![crate_type = "lib"]
core::arch::global_asm!(
    ".globl __vfprintf_chk", ".type __vfprintf_chk,%function", "__vfprintf_chk: mov x1, x2", "mov x2, x3", "b vfprintf",
    ".globl __vsnprintf_chk", ".type __vsnprintf_chk,%function", "__vsnprintf_chk: mov x2, x4", "mov x3, x5", "b vsnprintf",
    ".globl __fprintf_chk", ".type __fprintf_chk,%function", "__fprintf_chk: b abort"
);
R
  rustc --target aarch64-unknown-linux-musl -Cpanic=abort --emit=obj -o "$prefix/chk-arm64.o" "$prefix/chk.rs"
  ar rs "$out/libunwind.a" "$prefix/chk-arm64.o" 2>/dev/null
  rm -rf "$apt" "$arm64"
}

private_toolchain
sources
PATH=$toolchain/bin:$PATH
for target in "$@"; do
  out=$toolchain/lib/rustlib/$target/lib
  [ ! -e "$out/.done" ] || continue
  rm -rf "$out"
  build "$target"
  mkdir -p "$out/self-contained"
  cp "$prefix/build/$target/release/deps"/*.rlib "$out/"
  case $target in
  x86_64-unknown-linux-musl) musl_x86_64 "$out/self-contained" ;;
  aarch64-unknown-linux-musl) musl_aarch64 "$out/self-contained" ;;
  *-pc-windows-gnu)
    for object in rsbegin rsend; do
      RUSTC_BOOTSTRAP=1 rustc --target "$target" --emit=obj -o "$out/$object.o" "$library/rtstartup/$object.rs"
    done
    ;;
  esac
  if [ -e "$out/self-contained/libunwind.a" ]; then
    objcopy --remove-section .deplibs "$out/self-contained/libunwind.a" 2>/dev/null || true
  fi
  touch "$out/.done"
done
rm -rf "$prefix/build"
