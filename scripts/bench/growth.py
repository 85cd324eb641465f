"""Goal 6: how the cost follows what drives it."""

import json
import os
import shutil

import builds
import files
import tools
from figures import Growth
from inspection import check
from timer import Command, Rounds


def grow(driver, unit, expected, commands, count, note=""):
    """`commands` by the size of their driver."""
    rounds = Rounds(list(commands.values()), count, warmups=1)
    growth = Growth(driver, unit, expected, note=note)
    growth.points = [(n, rounds.cpu(command.name)) for n, command in commands.items()]
    return growth


def number_of_files(quick):
    sizes = [1, 10, 100, 1000] + ([] if quick else [10_000])
    commands = {n: check(files.tree_of(n), f"{n}") for n in sizes}
    return grow("files", "files", "linear", commands, 5 if quick else 9, "static programs in directories of a thousand")


def size_of_file(quick):
    commands = {n: check(files.of_size(n), f"{n}") for n in (1, 10, 100, 500)}
    return grow("size", "MB", "flat", commands, 10 if quick else 40, "one dynamic program, sparse on disk")


def exported_symbols(quick):
    sizes = [1000, 10_000, 100_000] + ([] if quick else [1_000_000])
    commands = {n: check(files.with_exports(n), f"{n}") for n in sizes}
    return grow("exports", "defined dynamic symbols", "linear", commands, 5 if quick else 15, "one shared library")


def imported_symbols(quick):
    sizes = [1000, 10_000, 100_000] + ([] if quick else [1_000_000])
    commands = {n: check(files.with_imports(n), f"{n}") for n in sizes}
    return grow("imports", "imported dynamic symbols", "linear", commands, 3 if quick else 7, "one shared library")


def hosts(quick):
    """The program of a real package, against more and more hosts of the catalogue."""
    listed = json.loads(tools.call([tools.seaworthy(), "--format", "json", "hosts"], cwd="/"))
    glibc = [entry["name"] for entry in listed if (entry.get("libc") or {}).get("family") == "glibc"]
    others = [entry["name"] for entry in listed if entry["system"] == "linux" and entry["name"] not in glibc]
    linux = (glibc + others)[:60]
    commands = {}
    for n in (1, 10, 20, 40, 60):
        policy = tools.HERE / f"made/hosts-{n}.toml"
        builds.write(policy, f'linkage = "any"\nruns-on = {json.dumps(linux[:n])}\n')
        commands[n] = check(files.real("uv"), f"{n}", ["--policy", policy])
    assert len(linux) == 60, len(linux)
    return grow("hosts", "hosts in `runs-on`", "linear", commands, 10 if quick else 40, "uv")


def cargo_units(quick):
    """cargo's own messages about a real build, replayed as often as it takes: compiling 10,000 crates would take hours."""
    builds.own_policy()
    project = builds.medium()
    messages = [
        line for line in tools.call([*builds.BARE, "--message-format=json-render-diagnostics"], cwd=project, env=builds.ENVIRONMENT).splitlines()
    ]
    *about_units, finished = messages
    own = [line for line in about_units if json.loads(line).get("executable")]
    others = [line for line in about_units if line not in own]
    commands = {}
    for n in (10, 100, 1000) if quick else (10, 100, 1000, 10_000):
        directory = tools.HERE / f"replay/{n}"
        shutil.rmtree(directory, ignore_errors=True)
        lines = [others[i % len(others)] for i in range(n - len(own))] + own + [finished]
        builds.write(directory / "messages", "\n".join(lines) + "\n")
        builds.write(directory / "cargo", f"#!/bin/sh\nexec cat {directory}/messages\n")
        (directory / "cargo").chmod(0o755)
        environment = {**builds.ENVIRONMENT, "PATH": f"{directory}:{os.environ['PATH']}"}
        commands[n] = Command(f"{n}", builds.guarded(["cargo", "build"]), project, environment)
    note = f"messages of a real build of {len(about_units)} units, replayed; the cost is the guard's and that of `cat`"
    return grow("units", "cargo units", "linear", commands, 10 if quick else 30, note)


ALL = [number_of_files, size_of_file, exported_symbols, imported_symbols, cargo_units, hosts]
