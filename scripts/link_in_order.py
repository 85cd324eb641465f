#!/usr/bin/env python3
"""The linker of a release (scripts/release-flags.sh): cc, told to put what nearly every run calls in one place. The kernel maps a
program in pieces of 64 KiB when they are first touched, and a run of a millisecond touches nearly all of them otherwise.

scripts/release-order.txt says what is called, by the names of symbols without the hashes in them, which change with compilers and
settings. A name that is gone is passed over; `make release-order` finds them anew."""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ORDER = Path(__file__).with_name("release-order.txt")
FEW = 4


def bare(symbol):
    """A mangled name without its hash, the one of its crate, and what LLVM puts behind copies."""
    symbol = re.sub(r"(\.llvm)?\.\d+$", "", symbol)
    return re.sub(r"17h[0-9a-f]{16}E$|Cs[0-9A-Za-z]+_", "", symbol)


def symbols(files):
    """Names of what is defined in objects, archives or programs; archives hold members that are none, and nm says so."""
    listed = subprocess.run(["nm", "-P", "--defined-only", *files], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return {line.split(" ", 1)[0] for line in listed.stdout.splitlines()}


def main():
    words = sys.argv[1:]
    inputs = [word for word in words if word.endswith((".o", ".rlib", ".a")) and os.path.isfile(word)]
    places = {name: place for place, name in enumerate(ORDER.read_text().split())}
    named = [(bare(symbol), symbol) for symbol in symbols(inputs)]
    copies = Counter(name for name, _ in named)
    # Of a generic function with many copies a run calls a few.
    chosen = sorted((copies[name] > FEW, places[name], symbol) for name, symbol in named if name in places)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{symbol}\n" for *_, symbol in chosen)
        file.flush()
        ordered = [f"-Wl,--symbol-ordering-file={file.name}", "-Wl,--no-warn-symbol-ordering"]
        sys.exit(subprocess.call(["cc", *words, *ordered]))


if __name__ == "__main__":
    main()
