#!/usr/bin/env bash
# load-in-root.sh ROOT CORPUS TOOLS [EMULATOR]   lines of `KIND<tab>LOADER<tab>PATH` in, `PATH<tab>EXIT-CODE<tab>COMPLAINT` out: what the
# root's own loader says (42: loaded). PATH is below CORPUS. Needs root, or user namespaces; mounts nothing outside its own one.
set -euo pipefail
root=$1 corpus=$2 tools=$3 emulator=${4:-}
mkdir -p "$root/.seaworthy/tools" "$root/.seaworthy/corpus" "$root/proc"
[ "$(id -u)" = 0 ] && spaces=-m || spaces=-rm
[ "$(id -u)" = 0 ] || export SEAWORTHY_KEEP_UID=1
exec unshare "$spaces" bash -c '
  mount --bind "$2" "$1/.seaworthy/corpus" && mount --bind "$3" "$1/.seaworthy/tools" &&
  mount --rbind /proc "$1/proc" && # glibc asks it for $ORIGIN
  exec "$3/enter" "$1" ${4:+/.seaworthy/tools/$4}' - "$root" "$corpus" "$tools" "$emulator"
