#!/usr/bin/env python3
"""Counts the instructions of calls of the library with callgrind, and compares them with benches/instructions.tsv.

    bench-check.py [--bless]

More than 10 % more fails; more than 10 % fewer asks for `make bench-bless`, so that they cannot creep back. Counts, not
times: they are the same however busy the machine is. The build is the tests' own, not optimised: it shows how much work is done,
not how well it is compiled, and nothing has to be compiled for it. Counts are others with another compiler, so that one
fails as well: the file says which it is from. Ends with 1 when a call got dearer, 2 when nothing can be compared."""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FILE = REPOSITORY / "benches/instructions.tsv"
# In percent. Two counts of the same call differ by far less: hash tables are seeded at random, threads wait for each other.
ALLOWED = 10
HEAD = "# Instructions of each call of benches/calls.rs; `make bench-bless` writes them, `make bench-check` compares.\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bless", action="store_true", help="write what was counted")
    options = parser.parse_args()
    here = made_with()
    known, known_with = read(FILE.read_text()) if FILE.exists() else ({}, None)
    if not options.bless and known_with != here:
        sys.exit(nothing_to_compare(known_with, here))
    counted = count_all(build())
    if options.bless:
        FILE.write_text(written(counted, here))
        print(f"wrote {FILE.relative_to(REPOSITORY)}: read the diff")
        return
    lines, dearer = compare(known, counted)
    print("\n".join(lines))
    sys.exit(1 if dearer else 0)


def made_with():
    """What the counts depend on besides the source: the compiler and the machine's kind."""
    version = subprocess.run(["rustc", "-V"], check=True, capture_output=True, text=True).stdout.strip()
    return f"{version}, {os.uname().machine}"


def nothing_to_compare(known_with, here):
    print(f"bench-check: benches/instructions.tsv was counted with {known_with}, and this is {here}", file=sys.stderr)
    print("bench-check: count with that compiler; or, to move on to this one, run `make bench-bless` without any other", file=sys.stderr)
    print("bench-check: change in the tree, and commit the new counts", file=sys.stderr)
    return 2


def build():
    command = ["cargo", "build", "--locked", "--example", "instructions", "--message-format=json"]
    done = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return next(message["executable"] for message in messages if message.get("executable"))


def count_all(program):
    names = subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()
    runs = [(name, times) for name in names for times in (0, 1)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = dict(zip(runs, pool.map(lambda run: count(program, *run), runs)))
    return {name: counts[name, 1] - counts[name, 0] for name in names}


def count(program, name, times):
    """Instructions of the whole process, all its threads."""
    with tempfile.TemporaryDirectory() as scratch:
        out = f"{scratch}/callgrind.out"
        command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", program, name, str(times)]
        # As little of this environment as possible: its size moves the stack.
        environment = {"PATH": os.environ["PATH"], "TMPDIR": scratch, "RAYON_NUM_THREADS": "1"}
        subprocess.run(command, cwd="/", env=environment, check=True, stdout=subprocess.DEVNULL)
        return int(re.search(r"^(?:summary|totals): (\d+)", Path(out).read_text(), re.M).group(1))


def read(text):
    """The counts of a file, and what they were made with."""
    known_with = re.search(r"^# Counted with (.*)\.$", text, re.M)
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: int(count) for name, count in rows}, known_with and known_with.group(1)


def written(counted, here):
    rows = "".join(f"{name}\t{count}\n" for name, count in sorted(counted.items()))
    return f"{HEAD}# Counted with {here}.\n{rows}"


def compare(known, counted):
    """One line for each call, and whether any got dearer, or is not known."""
    lines, dearer, cheaper = [], False, False
    for name, count in sorted(counted.items()):
        before = known.get(name)
        if before is None:
            lines.append(f"{name}: {count:,} instructions, and none are written down: run `make bench-bless`")
            dearer = True
            continue
        change = count - before
        verdict = "same" if 100 * abs(change) <= ALLOWED * before else "DEARER" if change > 0 else "cheaper"
        dearer |= verdict == "DEARER"
        cheaper |= verdict == "cheaper"
        lines.append(f"{name}: {count:,} instructions, {change / before:+.1%}: {verdict}")
    for name in sorted(known.keys() - counted.keys()):
        lines.append(f"{name} is written down and was not counted: run `make bench-bless`")
        dearer = True
    if dearer:
        lines.append(f"bench-check: a call takes more than {ALLOWED} % more instructions; if it has to, run `make bench-bless` and say why")
    if cheaper:
        lines.append(f"bench-check: a call takes more than {ALLOWED} % fewer instructions: run `make bench-bless`, so that it stays so")
    return lines, dearer


if __name__ == "__main__":
    main()
