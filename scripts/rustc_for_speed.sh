#!/usr/bin/env bash
# rustc_for_speed.sh RUSTC ARGUMENT…   what cargo calls in the place of rustc while a release is built (RUSTC_WRAPPER).
# What goes over every byte of a file is inlined as its own `opt-level = 3` means it, not by the threshold that keeps all else small:
# by that, each of the processor's instructions for SHA-256 is a call, and to hash takes four times as long.
shopt -s extglob
case " $* " in
  *" --crate-name "@(aho_corasick|memchr|miniz_oxide|ruzstd|sha1|sha2)" "*)
    exec "${@/-inline-threshold=10/-inline-threshold=225}"
    ;;
esac
exec "$@"
