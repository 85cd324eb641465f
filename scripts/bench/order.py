"""Writes scripts/release-order.txt: the functions that usual calls of the release binary run through, in the order in which they are
first met. `make release-order` runs this; scripts/link_in_order.py says what it is for."""

import re
import subprocess
import sys

import builds
import tools

sys.path.insert(1, str(tools.REPOSITORY / "scripts"))
from link_in_order import ORDER, bare, symbols  # noqa: E402

TRACE = tools.HERE / "order.callgrind"


def main():
    seaworthy = tools.built(tools.HERE / "symbols", "CARGO_PROFILE_RELEASE_STRIP=false")
    builds.own_policy()
    calls = [(["--version"], "."), (["check", sys.executable], ".")]
    empty, one = builds.empty(), builds.go_mains(1)
    calls.append(([*builds.BARE], empty))
    calls.append((["check", f"target/{tools.MUSL}/debug/empty"], empty))
    if tools.go():
        calls.append(([tools.go().name, "build", "-o", "out/", "./cmd/main0"], one))
        calls.append((["check", "out/main0"], one))
    order = {}
    for argv, directory in calls:
        # Once to build it, so that the call that is looked at finds nothing to do.
        run([seaworthy, *argv], directory)
        run(["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={TRACE}", seaworthy, *argv], directory)
        order.update(dict.fromkeys(called(TRACE.read_text(errors="replace"))))
    TRACE.unlink()
    known = {bare(symbol) for symbol in symbols([seaworthy])}
    names = dict.fromkeys(bare(symbol) for symbol in order)
    ORDER.write_text("".join(f"{name}\n" for name in names if name in known))
    print(f"wrote {ORDER.relative_to(tools.REPOSITORY)}")


def run(argv, directory):
    done = subprocess.run([str(word) for word in argv], cwd=directory, env=builds.GO_ENVIRONMENT, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(f"order: `{' '.join(map(str, argv))}` ended with {done.returncode}\n{done.stderr}")


def called(trace):
    """Names of functions in a file of callgrind, which gives each a number where it is first met. `'2` marks recursion."""
    for line in trace.splitlines():
        if found := re.fullmatch(r"c?fn=\(\d+\) (.+)", line):
            yield found[1].split("'")[0]


if __name__ == "__main__":
    main()
