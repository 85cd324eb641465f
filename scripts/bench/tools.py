"""What is measured and what it is measured against: built here, or installed from packages below target/bench."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILT = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")).resolve()
HERE = BUILT / "bench"
MUSL = f"{os.uname().machine}-unknown-linux-musl"

CARGO_PEERS = {"checksec": "checksec@0.0.9", "cargo-auditable": "cargo-auditable@0.7.7"}
PYPI_PEERS = ["lief==1.0.0", "pyelftools==0.33", "cargo-zigbuild==0.24.1"]


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def call(argv, **options):
    """Runs what is not measured; ends with its output when it fails."""
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"bench: `{' '.join(map(str, argv))}` ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


# A release binary that is built already, by --program.
given = None


@functools.cache
def seaworthy():
    """The release binary, as it is given out: for musl."""
    return installed(Path(given).resolve() if given else built(BUILT))


def installed(program):
    """A copy, as an installation leaves it. What a linker wrote lies in memory in smaller pieces, which take longer to map."""
    copy = HERE / "bin" / program.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.unlink(missing_ok=True)
    with open(program, "rb") as source, open(copy, "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    copy.chmod(0o755)
    return copy


def built(directory, settings=""):
    """The release binary, built in a target directory of its own with further settings."""
    say(f"building the release binary in {directory}")
    build = f". scripts/release-flags.sh && {settings} exec cargo build --locked --release --target {MUSL} --bin seaworthy"
    call(["bash", "-c", build], cwd=REPOSITORY, env={**os.environ, "CARGO_TARGET_DIR": str(directory)})
    return directory / MUSL / "release/seaworthy"


# glibc linked in at a fixed address.
STATIC = ["-C", "target-feature=+crt-static", "-C", "relocation-model=static"]


@functools.cache
def program(name):
    """One of the small programs beside this file."""
    HERE.mkdir(parents=True, exist_ok=True)
    source, built = Path(__file__).parent / f"programs/{name}.rs", HERE / name
    call(["rustc", "--edition=2024", "-O", "-C", "panic=abort", "-C", "strip=symbols", *STATIC, source, "-o", built])
    return installed(built)


def peer(name):
    """A peer by its program's name, or `None` where it could not be installed."""
    found = shutil.which(name)
    if found:
        return found
    if name in CARGO_PEERS:
        return installed_by_cargo(name)
    inside = python_peers() / name
    return str(inside) if inside.exists() else None


def installed_by_cargo(name):
    root = HERE / "tools"
    if not (root / "bin" / name).exists():
        say(f"installing {CARGO_PEERS[name]}")
        done = subprocess.run(
            ["cargo", "install", "--quiet", "--locked", "--root", root, "--target-dir", HERE / "cargo", CARGO_PEERS[name]]
        )
        if done.returncode:
            say(f"{name} could not be installed; its rows are left out")
            return None
    return str(root / "bin" / name)


@functools.cache
def python_peers():
    """The directory with the programs of the virtual environment; `python3` is one of them."""
    environment = HERE / "venv"
    if not (environment / "bin/python3").exists():
        say(f"installing {', '.join(PYPI_PEERS)} from PyPI")
        call([sys.executable, "-m", "venv", environment])
        call([environment / "bin/python3", "-m", "pip", "install", "-q", "--disable-pip-version-check", *PYPI_PEERS])
    return environment / "bin"


@functools.cache
def go():
    """The real program: what is on the PATH may be a script that takes longer than what is measured."""
    found = shutil.which("go")
    return Path(call([found, "env", "GOROOT"]).strip()) / "bin/go" if found else None


def machine():
    """One line about where this was measured."""
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    system = next((line.split("=", 1)[1].strip().strip('"') for line in open("/etc/os-release") if line.startswith("PRETTY_NAME=")), "?")
    return f"{os.cpu_count()} × {model}, {memory / 2**20:.0f} GiB, Linux {os.uname().release}, {system}"


def versions():
    """The compilers."""
    go_version = call([go(), "version"]).split()[2] if go() else "no go"
    return f"{call(['rustc', '-V']).strip()}, {call(['cargo', '-V']).split(' (')[0]}, {go_version}"
