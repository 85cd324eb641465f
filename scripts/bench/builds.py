"""Goal 4: builds, guarded and bare, in the same rounds. Both get the same settings, so both do the same work."""

import os
import re
import shutil

import tools
from figures import Row
from timer import Command, Rounds

PROJECTS = tools.HERE / "projects"
BARE = ["cargo", "build", "--target", tools.MUSL]
# About sixty crates with what they depend on themselves.
DEPENDENCIES = {
    "clap": '{ version = "4.6", features = ["derive", "env", "wrap_help"] }', "serde_json": '"1"', "toml": '"1"', "rayon": '"1"',
    "globset": '"0.4"', "goblin": '"0.10"', "quick-xml": '"0.42"', "sha2": '"0.10"', "tempfile": '"3"',
}
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("CARGO_", "SEAWORTHY_", "RUSTFLAGS"))}
GO_ENVIRONMENT = {**ENVIRONMENT, "CGO_ENABLED": "0"}
MAIN = 'fn main() {{\n    println!("{}");\n}}\n'
GO_MAIN = 'package main\n\nimport "fmt"\n\nfunc main() {{ fmt.Println("{}") }}\n'


def own_policy():
    """An empty policy file above all projects: the default policy holds, and not that of this repository."""
    write(PROJECTS / "seaworthy.toml", "")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def crate(name, dependencies=""):
    directory = PROJECTS / name
    write(directory / "Cargo.toml", f'[package]\nname = "{name}"\nedition = "2021"\n\n[dependencies]\n{dependencies}\n[workspace]\n')
    write(directory / "src/main.rs", MAIN.format("hello"))
    return directory


def empty():
    return crate("empty")


def medium():
    return crate("medium", "".join(f"{name} = {wanted}\n" for name, wanted in DEPENDENCIES.items()))


def binaries(count):
    directory = PROJECTS / f"binaries-{count}"
    write(directory / "Cargo.toml", '[workspace]\nresolver = "2"\nmembers = ["member-*"]\n')
    for i in range(count):
        write(directory / f"member-{i}/Cargo.toml", f'[package]\nname = "member-{i}"\nedition = "2021"\n')
        write(directory / f"member-{i}/src/main.rs", MAIN.format(i))
    return directory


def go_mains(count):
    directory = PROJECTS / f"go-{count}"
    write(directory / "go.mod", "module example.org/bench\n\ngo 1.22\n")
    for i in range(count):
        write(directory / f"cmd/main{i}/main.go", GO_MAIN.format(i))
    return directory


def guarded(argv):
    return [tools.seaworthy(), *argv]


def against(goal_text, limit, argv, directory, count, environment, before=None):
    """A guarded build against the bare one, and who does what before each of them."""
    commands = [
        Command("guarded", guarded(argv), directory, environment, before),
        Command("bare", argv, directory, environment, before),
    ]
    tools.call(argv, cwd=directory, env=environment)
    return Rounds(commands, count, warmups=3, bases=["bare"]).row("4", "guarded", "bare", limit, goal_text)


def units(directory):
    """How many crates cargo builds for the musl target, the project's own among them."""
    tree = tools.call(["cargo", "tree", "--target", tools.MUSL, "--prefix", "none", "--no-dedupe", "-e", "normal,build"], cwd=directory, env=ENVIRONMENT)
    return len({line.split(" (")[0] for line in tree.splitlines() if line})


def cargo(quick):
    """`seaworthy cargo build`."""
    own_policy()
    count = 12 if quick else 60
    small, many = empty(), binaries(50)
    yield against("no-op `cargo build`, an empty crate: guarded / bare", 1.08, BARE, small, count, ENVIRONMENT)
    if not quick:
        big = medium()
        crates = units(big)
        yield against(f"no-op `cargo build`, {crates} crates: guarded / bare", 1.04, BARE, big, count, ENVIRONMENT)
    yield against("no-op `cargo build`, 50 binaries: guarded / bare", 1.10, BARE, many, count, ENVIRONMENT)
    edits = Edits(small / "src/main.rs", MAIN)
    text = "`cargo build` after an edit: guarded / bare"
    yield against(text, 1.03, BARE, small, max(8, count // 2), ENVIRONMENT, edits)
    yield from in_turns("cargo", BARE, small, count, ENVIRONMENT)
    yield extra_processes("cargo", BARE, small, ENVIRONMENT, edits)
    yield from wrappers(small, count)


def go(quick):
    """`seaworthy go build`."""
    own_policy()
    if not tools.go():
        yield Row("4", "no-op `go build`: guarded / bare", None, 1.04, note="go is not installed")
        return
    count = 8 if quick else 40
    # The real program in front: a script that stands for it on the PATH would be measured with it.
    environment = {**GO_ENVIRONMENT, "PATH": f"{tools.go().parent}:{os.environ['PATH']}"}
    one, many = go_mains(1), go_mains(50)
    single, all_of_them = ["go", "build", "-o", "out/", "./cmd/main0"], ["go", "build", "-o", "out/", "./..."]
    yield against("no-op `go build`, one main package: guarded / bare", 1.04, single, one, count, environment)
    yield against("no-op `go build`, 50 main packages: guarded / bare", 1.05, all_of_them, many, count, environment)
    edits = Edits(one / "cmd/main0/main.go", GO_MAIN)
    text = "`go build` after an edit: guarded / bare"
    yield against(text, 1.03, single, one, max(8, count // 2), environment, edits)
    yield from in_turns("go", single, one, count, environment)
    yield extra_processes("go", single, one, environment, edits)


class Edits:
    """Changes a source file a little, each time differently."""

    def __init__(self, path, text):
        self.path, self.text, self.count = path, text, 0

    def __call__(self):
        self.count += 1
        self.path.write_text(self.text.format(f"edit {self.count}"))


def in_turns(tool, argv, directory, count, environment):
    """Does a guarded build leave everything as a bare one does, so that neither makes work for the other?"""

    def after(command):
        return lambda: tools.call(command, cwd=directory, env=environment)

    for name, command, other in (("bare", argv, guarded(argv)), ("guarded", guarded(argv), argv)):
        commands = [
            Command("in turns", command, directory, environment, after(other)),
            Command("alone", command, directory, environment, after(command)),
        ]
        rounds = Rounds(commands, count, warmups=2, bases=["alone"])
        what = f"no-op `{tool} build`, {name} after {'guarded' if name == 'bare' else 'bare'} / {name} after {name}"
        yield rounds.row("4", "in turns", "alone", 1.03, what)


def extra_processes(tool, argv, directory, environment, edit):
    """Compilers and build tools that a guarded build starts and a bare one does not."""

    def started(command):
        edit()
        trace = tools.HERE / "trace"
        tools.call(["strace", "-f", "-qq", "-e", "trace=execve", "-o", trace, *command], cwd=directory, env=environment)
        names = re.findall(r'execve\("(?:[^"]*/)?(cargo|rustc|go)".* = 0$', trace.read_text(), re.M)
        trace.unlink()
        return len(names)

    what = f"`{tool} build` after an edit: processes of cargo, rustc and go, guarded less bare"
    if not shutil.which("strace"):
        return Row("4", what, None, 0, note="strace is not installed")
    bare, with_guard = started(argv), started(guarded(argv))
    return Row("4", what, with_guard - bare, 0, "", note=f"{with_guard} and {bare}")


def wrappers(directory, count):
    """What other wrappers take, on the empty crate."""
    commands = [Command("bare", BARE, directory, ENVIRONMENT), Command("guarded", guarded(BARE), directory, ENVIRONMENT)]
    for name in ("auditable", "zigbuild"):
        found = tools.peer(f"cargo-{name}")
        if not found or (name == "zigbuild" and not shutil.which("zig")):
            tools.say(f"cargo-{name} or what it needs is missing; its row is left out")
            continue
        words = ["auditable", "build"] if name == "auditable" else ["zigbuild"]
        # A target directory of its own: it builds with other flags.
        path = f"{os.path.dirname(found)}:{os.environ['PATH']}"
        environment = {**ENVIRONMENT, "PATH": path, "CARGO_TARGET_DIR": str(directory / f"target-{name}")}
        argv = ["cargo", *words, "--target", tools.MUSL]
        tools.call(argv, cwd=directory, env=environment)
        commands.append(Command(name, argv, directory, environment))
    rounds = Rounds(commands, max(8, count // 2), warmups=3, bases=["bare"])
    for command in commands[2:]:
        yield rounds.row("4", command.name, "bare", None, f"no-op `cargo {' '.join(command.argv[1:-2])}`, an empty crate / bare")
