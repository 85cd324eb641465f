"""Goals 3 and 5: calls of the library, as criterion measures them (benches/library.rs), and Go's build information."""

import json
import os
import subprocess

import files
import tools
from figures import Row
from inspection import check
from timer import Command, Rounds, top_weight

# As benches/library.rs has it.
MEGABYTES = (16 << 20) / 1e6


def seconds(name):
    """Median time of one call, as criterion keeps it."""
    path = tools.BUILT / "criterion" / name / "new/estimates.json"
    return json.loads(path.read_text())["median"]["point_estimate"] / 1e9


def microseconds(name):
    return f"{1e6 * seconds(name):,.1f}"


def measure():
    """Runs criterion over real files; top weight is for the runs, not for the compiler."""
    names = ["uv", "node", "biome-darwin"]
    directory = files.real(names[0]).parent
    for name in names[1:]:
        files.real(name)
    go = directory / "go"
    if not go.exists():
        os.link(files.go_program(), go)
    bench = ["cargo", "bench", "--locked", "--quiet", "--bench", "library"]
    tools.say("compiling the benches")
    tools.call([*bench, "--no-run"], cwd=tools.REPOSITORY)
    environment = {**os.environ, "SEAWORTHY_BENCH_FILES": str(directory), "CARGO_TARGET_DIR": str(tools.BUILT)}
    with top_weight():
        subprocess.run(bench, cwd=tools.REPOSITORY, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def against(goal, what, name, base, limit, again=None):
    note = f"{microseconds(name)} to {microseconds(base)} µs"
    control = seconds(again) / seconds(base) if again else None
    return Row(goal, what, seconds(name) / seconds(base), limit, control=control, note=note)


def calls(quick):
    measure()
    for name in ("ls", "uv", "node", "go"):
        floor, again = f"file/floor/{name}", f"file/floor-again/{name}"
        what = f"facts of {name if name != 'go' else 'Go, static'}"
        base = "/ open + fstat + three preads + close"
        yield against("3", f"{what}, as the default policy wants them {base}", f"file/facts/{name}", floor, 1.6, again)
        yield against("3", f"{what}, with every symbol {base}", f"file/facts-with-symbols/{name}", floor, None, again)
    per_megabyte = 1000 * (seconds("fingerprint/much") - seconds("fingerprint/little")) / MEGABYTES
    yield Row("5", "static C library by its strings, for each MB of constants", per_megabyte, 0.15, "ms")
    bare = "hash/bare", 1.10, "hash/bare-again"
    yield against("5", "digest of an artifact / SHA-256 alone", "hash/digest", *bare)
    yield against("5", "facts of Mach-O with all page hashes / SHA-256 alone", "hash/facts-with-page-hashes", *bare)
    yield Row("5", "simulated load of uv on ten hosts", 1000 * seconds("file/load/uv"), 0.5, "ms")
    yield Row("5", "reading a policy that uses every key", 1000 * seconds("call/policy-everything"), unit="ms")


def go_build_info(quick):
    """A whole process, unlike the rest."""
    count = 15 if quick else 60
    what = "check of a Go program / `go version -m`"
    if not tools.go():
        yield Row("5", what, None, 0.2, note="go is not installed")
        return
    program = files.go_program()
    commands = [check(program), Command("go", [tools.go(), "version", "-m", program])]
    yield Rounds(commands, count, bases=["go"]).row("5", "check", "go", 0.2, what)
