#!/usr/bin/env python3
"""Guards real builds for as long as it takes: 2,000 with random edits, and 200 that are killed at random moments.

usage: scripts/soak.py SEAWORTHY [--builds 2000] [--kills 200] [--seed N]

What has to hold: after each build the verdict is that of `seaworthy check` on the file alone; memory and descriptors of the
last hundred are those of the first; after each kill a plain build works, and nothing is left behind. Prints what it tried
and what was lost; a loss ends it with 1.
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Rules about what was asked of the build: a file alone does not know.
OF_THE_BUILD = {"enforced-setting-lost"}
# How much the last hundred may need beyond the first: a page more or less is the system's, and a look now and then may miss
# a pipe that is open for a moment.
SLACK_KIB = 512
SLACK_DESCRIPTORS = 1


class Go:
    """A program that is static, or by an edit is linked against the system's C library."""

    name = "go"
    artifact = "app"
    build = ["go", "build", "-o", "app"]

    def __init__(self, root):
        self.root = root / "go"
        self.root.mkdir()
        (self.root / "go.mod").write_text("module example.org/app\n\ngo 1.21\n")
        (self.root / "seaworthy.toml").write_text('go.cgo = "allow"\n')
        self.edit(0, True)

    def edit(self, number, good):
        c = "" if good else "// int answer(void) { return 42; }\nimport \"C\"\n\n"
        use = "" if good else "\tprintln(C.answer())\n"
        (self.root / "main.go").write_text(f"package main\n\n{c}func main() {{\n\tprintln({number})\n{use}}}\n")


class Cargo:
    """A program whose stack is executable after an edit."""

    name = "cargo"
    artifact = "target/x86_64-unknown-linux-musl/debug/app"
    build = ["cargo", "build"]

    def __init__(self, root):
        self.root = root / "rust"
        (self.root / "src").mkdir(parents=True)
        (self.root / "Cargo.toml").write_text('[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n')
        self.edit(0, True)

    def edit(self, number, good):
        (self.root / "src/main.rs").write_text(f'fn main() {{ println!("{{}}", {number}); }}\n')
        # A flag that the plan cannot see: a build that clashes with the policy is not even started.
        asked = "" if good else 'println!("cargo::rustc-link-arg=-Wl,-z,execstack");'
        (self.root / "build.rs").write_text(f"fn main() {{ {asked} }}\n")


class Soak:
    """Everything two halves share."""

    def __init__(self, seaworthy, root, chance):
        self.seaworthy = seaworthy
        self.chance = chance
        self.temporary = root / "tmp"
        self.temporary.mkdir()
        self.reports = root / "reports"
        self.reports.mkdir()
        dropped = ("SEAWORTHY", "CARGO_", "RUSTFLAGS", "GOFLAGS", "CGO_")
        kept = {name: value for name, value in os.environ.items() if name == "CARGO_HOME" or not name.startswith(dropped)}
        # Both are C programs then: musl's own linker is not what an edit is about.
        self.environment = {**kept, "TMPDIR": str(self.temporary), "GOTOOLCHAIN": "local", "GOENV": "off"}
        self.lost = []

    def start(self, project, words):
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(words, cwd=project.root, env=self.environment, start_new_session=True, **quiet)

    def lose(self, what):
        self.lost.append(what)
        print(f"lost: {what}", flush=True)

    def of_ours(self):
        return [str(path) for path in self.temporary.iterdir() if "seaworthy" in path.name]


def findings(report):
    """Verdict and rules of the first artifact, as far as the file alone can tell them."""
    artifact = report["artifacts"][0]
    rules = sorted({finding["rule"] for finding in artifact["findings"]} - OF_THE_BUILD)
    return artifact["verdict"], rules


def measured(process):
    """Most descriptors and memory (KiB) of a process that runs, by a look at `/proc` now and then."""
    descriptors = memory = 0
    while process.poll() is None:
        try:
            descriptors = max(descriptors, len(os.listdir(f"/proc/{process.pid}/fd")))
            status = Path(f"/proc/{process.pid}/status").read_text()
            memory = max([memory] + [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")])
        except (OSError, ValueError):
            pass
        time.sleep(0.002)
    return descriptors, memory


def builds(soak, projects, count):
    figures = {project.name: [] for project in projects}
    rejected = 0
    for number in range(count):
        project = projects[number % len(projects)]
        good = soak.chance.random() < 0.7
        project.edit(soak.chance.randrange(5), good)
        report = soak.reports / "build.json"
        report.unlink(missing_ok=True)
        process = soak.start(project, [soak.seaworthy, "--report", f"json={report}", *project.build])
        figures[project.name].append(measured(process))
        check = [soak.seaworthy, "check", "--format", "json", project.artifact]
        alone = subprocess.run(check, cwd=project.root, env=soak.environment, capture_output=True, check=False)
        rejected += process.returncode == 3
        if process.returncode != (0 if good else 3) or alone.returncode != process.returncode:
            soak.lose(f"build {number} of {project.name}: guarded {process.returncode}, alone {alone.returncode}, good {good}")
            continue
        if findings(json.loads(report.read_text())) != findings(json.loads(alone.stdout)):
            soak.lose(f"build {number} of {project.name}: the verdict is not that of the file alone")
        if soak.of_ours():
            soak.lose(f"build {number} of {project.name}: left {soak.of_ours()}")
    print(f"{count} builds guarded, {rejected} rejected, {len(soak.lost)} lost", flush=True)
    for name, of_one in figures.items():
        grown(soak, name, of_one)


def grown(soak, tool, figures):
    """Whether the last hundred builds with a tool needed more than the first."""
    part = min(100, len(figures) // 2)
    if part == 0:
        return
    for index, name, slack in [(0, "descriptors", SLACK_DESCRIPTORS), (1, "KiB of memory", SLACK_KIB)]:
        first, last = (statistics.median(one[index] for one in some) for some in (figures[:part], figures[-part:]))
        print(f"{tool}: {name}: {first:.0f} at first, {last:.0f} at last, {max(one[index] for one in figures)} at most")
        if last > first + slack:
            soak.lose(f"{tool}: {name} grew")


def kills(soak, projects, count):
    lost_before = len(soak.lost)
    caught = 0
    for project in projects:
        project.edit(1000, True)
        started = time.monotonic()
        soak.start(project, [soak.seaworthy, *project.build]).wait()
        usual = time.monotonic() - started
        for number in range(count // len(projects)):
            project.edit(1001 + number, True)
            process = soak.start(project, [soak.seaworthy, *project.build])
            time.sleep(soak.chance.uniform(0, usual))
            caught += process.poll() is None
            process.kill()
            process.wait()
            everybody_ends(process.pid)
            plain = project.build + (["--target", "x86_64-unknown-linux-musl"] if project.name == "cargo" else [])
            if soak.start(project, plain).wait() != 0:
                soak.lose(f"kill {number} of {project.name}: a plain build fails afterwards")
            if soak.of_ours():
                soak.lose(f"kill {number} of {project.name}: left {soak.of_ours()}")
            unknown = {path.name for path in project.root.iterdir()} - {
                "go.mod", "main.go", "app", "seaworthy.toml", "Cargo.toml", "Cargo.lock", "src", "build.rs", "target"
            }
            if unknown:
                soak.lose(f"kill {number} of {project.name}: left {unknown}")
    print(f"{count} builds killed, {caught} of them before their end, {len(soak.lost) - lost_before} lost", flush=True)


def everybody_ends(session):
    """Waits for what outlived the wrapper: nobody tells the tool, which goes on to its own end."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        alive = subprocess.run(["pgrep", "-s", str(session)], stdout=subprocess.DEVNULL, check=False).returncode == 0
        if not alive:
            return
        time.sleep(0.01)
    os.killpg(session, signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("seaworthy", type=Path)
    parser.add_argument("--builds", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    root = Path(tempfile.mkdtemp(prefix="seaworthy-soak-"))
    try:
        soak = Soak(str(options.seaworthy.resolve()), root, random.Random(options.seed))
        projects = [Cargo(root), Go(root)]
        builds(soak, projects, options.builds)
        kills(soak, projects, options.kills)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return 1 if soak.lost else 0


if __name__ == "__main__":
    sys.exit(main())
