"""Goals 1 to 3 and 7: one file, a tree, memory, and the release binary itself."""

import os
import subprocess

import files
import figures
import tools
from figures import Row
from timer import Command, Rounds

# Passed, or something was found.
JUDGED = (0, 3)
TREE = ["/usr/bin", "/usr/lib/x86_64-linux-gnu"]

PYELFTOOLS = """
import sys
from elftools.elf.elffile import ELFFile
elf = ELFFile(open(sys.argv[1], "rb"))
for name in (".gnu.version_r", ".dynsym", ".dynamic"):
    section = elf.get_section_by_name(name)
    if name == ".dynsym": print([symbol.name for symbol in section.iter_symbols() if symbol["st_shndx"] == "SHN_UNDEF"])
    elif name == ".dynamic": print([tag.needed for tag in section.iter_tags() if tag.entry.d_tag == "DT_NEEDED"])
    else: print([[aux.name for aux in auxes] for _, auxes in section.iter_versions()])
"""
LIEF = """
import sys, lief
elf = lief.ELF.parse(sys.argv[1])
print(elf.libraries, [(str(s.name), str(s.symbol_version)) for s in elf.dynamic_symbols if s.imported])
"""


def check(path, name="check", words=()):
    """From where no policy file is found, so that the default policy holds; ours would in all of this repository."""
    return Command(name, [tools.seaworthy(), "check", *words, path], cwd="/", codes=JUDGED)


def one_file(quick):
    """Goal 1."""
    count = 15 if quick else 60
    hello = Command("hello", [tools.program("hello")])
    samples = [("ls", "/bin/ls"), ("Go, static", files.go_program()), *((n, files.real(n)) for n in ("uv", "biome", "biome-musl", "node"))]
    for name, path in samples:
        rounds = Rounds([hello, check(path)], count, bases=["hello"])
        yield rounds.row("1", "check", "hello", 1.5, f"check of {name} ({figures.number(files.megabytes(path))} MB) / a static hello")
    rounds = Rounds([check(files.of_size(1), "1 MB"), check(files.of_size(500), "500 MB")], count, bases=["1 MB"])
    yield rounds.row("1", "500 MB", "1 MB", 1.05, "check of 500 MB / of 1 MB")
    yield from peers_on_uv(count)
    yield from peers_on_node(8 if quick else 15)


def peers_on_uv(count):
    uv, python = files.real("uv"), tools.python_peers() / "python3"
    near = [
        check(uv),
        Command("scanelf", ["scanelf", "-a", uv]),
        Command("readelf", ["readelf", "-W", "-d", "-V", "--dyn-syms", uv]),
        Command("eu-readelf", ["eu-readelf", "-d", "-V", "--symbols=.dynsym", uv]),
        Command("llvm-readobj", ["llvm-readobj", "--needed-libs", "--dyn-symbols", "--version-info", uv]),
    ]
    if tools.peer("checksec"):
        near.append(Command("checksec", [tools.peer("checksec"), "-f", uv]))
    rounds = Rounds(near, count, bases=[command.name for command in near[1:]])
    yield rounds.row("1", "check", "scanelf", 1.0, "check of uv / `scanelf -a`")
    yield rounds.row("1", "check", "readelf", 0.35, "check of uv / `readelf -W -d -V --dyn-syms`")
    yield rounds.row("1", "check", "eu-readelf", None, "check of uv / `eu-readelf -d -V --symbols=.dynsym`")
    yield rounds.row("1", "check", "llvm-readobj", None, "check of uv / `llvm-readobj --needed-libs --dyn-symbols --version-info`")
    if tools.peer("checksec"):
        yield rounds.row("1", "check", "checksec", None, "check of uv / checksec.rs")
    far = [
        check(uv),
        Command("pyelftools", [python, "-c", PYELFTOOLS, uv]),
        Command("LIEF", [python, "-c", LIEF, uv]),
    ]
    rounds = Rounds(far, max(8, count // 6), bases=["pyelftools", "LIEF"])
    for name in ("pyelftools", "LIEF"):
        yield rounds.row("1", "check", name, None, f"check of uv / {name}, from Python")


def peers_on_node(count):
    node = files.real("node")
    commands = [check(node)]
    if tools.peer("checksec"):
        commands.append(Command("checksec", [tools.peer("checksec"), "-f", node]))
        rounds = Rounds(commands, count, bases=["checksec"])
        yield rounds.row("1", "check", "checksec", 0.05, "check of node / checksec.rs")
    else:
        yield Row("1", "check of node / checksec.rs", None, 0.05, note="checksec.rs could not be installed")


def tree(quick):
    """Goal 2."""
    commands = [
        Command("check", [tools.seaworthy(), "check", *TREE], cwd="/", codes=JUDGED),
        Command("scanelf", ["scanelf", "-R", "-y", "-BF", "%n%F", *TREE], codes=(0, 1)),
        Command("floor", [tools.program("floor"), *TREE]),
    ]
    one, two = ({**os.environ, "RAYON_NUM_THREADS": threads} for threads in "12")
    rounds = Rounds(commands, 5 if quick else 15, bases=["scanelf", "floor"])
    yield rounds.row("2", "check", "scanelf", 1.0, "the tree, warm: check / `scanelf -R -n`", note=elf_files())
    yield rounds.row("2", "check", "floor", 1.7, "the tree, warm: check / open + fstat + three preads per file")
    threads = [
        Command("one", commands[0].argv, "/", env=one, codes=JUDGED),
        Command("two", commands[0].argv, "/", env=two, codes=JUDGED),
    ]
    rounds = Rounds(threads, 5 if quick else 15, bases=["one"])
    yield rounds.row("2", "two", "one", 1.0, "the tree, warm: two threads / one, wall time", of="wall")
    goal = "the tree, cold: check with two threads / `scanelf -R -n`, wall time"
    if not os.access(DROP, os.W_OK):
        yield Row("2", goal, None, 0.5, note=f"{DROP} is not writable")
        return
    cold = [
        Command("check", commands[0].argv, "/", env=two, before=drop_caches, codes=JUDGED),
        Command("scanelf", commands[1].argv, before=drop_caches, codes=(0, 1)),
    ]
    yield Rounds(cold, 3 if quick else 5, warmups=0, bases=["scanelf"]).row("2", "check", "scanelf", 0.5, goal, of="wall")


def elf_files():
    """How many files of the tree are ELF, by their first bytes."""
    count = 0
    for top in TREE:
        for directory, _, names in os.walk(top):
            for name in names:
                path = os.path.join(directory, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as file:
                        count += file.read(4) == b"\x7fELF"
    return f"{count:,} ELF files"


DROP = "/proc/sys/vm/drop_caches"


def drop_caches():
    os.sync()
    with open(DROP, "w") as drop:
        drop.write("3")


def memory(_quick):
    """Goal 3, the part about memory."""
    for name, path in [("uv", files.real("uv")), ("node", files.real("node")), ("500 MB", files.of_size(500))]:
        argv = [tools.program("peak"), tools.seaworthy(), "check", path]
        kib, code = map(int, subprocess.run(argv, cwd="/", capture_output=True, text=True, check=True).stdout.split())
        assert code in JUDGED, (argv, code)
        yield Row("3", f"peak memory of check of {name}", kib * 1024 / 1e6, 16, "MB")


def release(quick):
    """Goal 7."""
    program = tools.seaworthy()
    yield Row("7", "size of the release binary", files.megabytes(program), 6, "MB")
    headers = tools.call(["readelf", "-lW", program])
    asks = sum(word in headers for word in ("INTERP", "Shared library"))
    yield Row("7", "loaders and libraries the release binary asks for", asks, 0, "")
    commands = [Command("hello", [tools.program("hello")]), Command("seaworthy", [program, "--version"])]
    rounds = Rounds(commands, 20 if quick else 100, bases=["hello"])
    yield rounds.row("7", "seaworthy", "hello", 1.3, "`seaworthy --version` / a static hello")
