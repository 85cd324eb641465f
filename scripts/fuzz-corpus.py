#!/usr/bin/env python3
"""Builds what `make fuzz` starts from: small real binaries of every format, and the parts the narrower targets take.

usage: scripts/fuzz-corpus.py DIRECTORY

Compilers make the binaries, and each is kept as far as 64 KiB go; short inputs that were found by fuzzing lie in fuzz/seeds. What
a missing compiler would have made is left out, and said so; with SEAWORTHY_TEST_REQUIRE=all that is a failure.
"""

import base64
import gzip
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

LONGEST = 64 * 1024
REPOSITORY = Path(__file__).resolve().parent.parent

HELLO = "#include <stdio.h>\nint main(void) { puts(\"hi\"); return 0; }\n"
LIBRARY = "int answer(void) { return 42; }\nint other(void) __attribute__((weak)); int ask(void) { return other(); }\n"
BARE = "void _start(void) { for (;;) {} }\n"
EXPORTS = "__declspec(dllexport) int answer(void) { return 42; }\n"
RESOURCES = '1 24 "app.manifest"\n'
XML = (
    '<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0"><trustInfo><security><requestedPrivileges>'
    '<requestedExecutionLevel level="asInvoker" uiAccess="false"/></requestedPrivileges></security></trustInfo></assembly>'
)
GO = "package main\n\nfunc main() { println(\"hi\") }\n"

left_out = []


def run(*words, cwd=None, env=None):
    """Whether a command could be run and went well."""
    if shutil.which(words[0]) is None:
        left_out.append(words[0])
        return False
    environment = {**os.environ, **(env or {})}
    done = subprocess.run(words, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        left_out.append(" ".join(words))
    return done.returncode == 0


class Corpus:
    """Where the seeds of each target go."""

    def __init__(self, root):
        self.root = Path(root)

    def add(self, target, name, data):
        directory = self.root / target
        directory.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(data[:LONGEST])

    def add_file(self, name, path):
        if path.exists():
            self.add("facts", name, path.read_bytes())


def c_programs(corpus, work):
    """ELF and PE by gcc, musl-gcc and mingw-w64; objects and archives."""
    sources = {"hello.c": HELLO, "library.c": LIBRARY, "bare.c": BARE, "exports.c": EXPORTS, "app.rc": RESOURCES, "app.manifest": XML}
    for name, text in sources.items():
        (work / name).write_text(text)
    small = ["-Os", "-s", "-Wl,-z,noseparate-code", "-Wl,--build-id"]
    builds = {
        "elf-pie": ["gcc", "hello.c", *small],
        "elf-debug": ["gcc", "hello.c", "-g", "-Wl,-z,noseparate-code"],
        "elf-exe": ["gcc", "hello.c", "-no-pie", *small],
        "elf-library": ["gcc", "library.c", "-shared", "-fPIC", "-Wl,-soname,libanswer.so.1", "-Wl,-rpath,/opt/lib", "-Wl,--default-symver", *small],
        "elf-sysv": ["gcc", "library.c", "-shared", "-fPIC", "-Wl,--hash-style=sysv", "-Wl,-z,execstack", *small],
        "elf-relr": ["gcc", "hello.c", "-Wl,-z,pack-relative-relocs", "-Wl,-z,now", *small],
        "elf-32": ["gcc", "bare.c", "-m32", "-nostdlib", "-static", *small],
        "elf-bare": ["gcc", "bare.c", "-nostdlib", "-static", *small],
        "elf-musl": ["musl-gcc", "hello.c", "-static", *small],
        "elf-musl-dynamic": ["musl-gcc", "hello.c", *small],
        "pe.exe": ["x86_64-w64-mingw32-gcc", "hello.c", "-Os", "-s"],
        "pe.dll": ["x86_64-w64-mingw32-gcc", "exports.c", "-shared", "-Os", "-s"],
        "object.o": ["gcc", "-c", "library.c"],
        "object.obj": ["x86_64-w64-mingw32-gcc", "-c", "library.c"],
    }
    for name, command in builds.items():
        if run(*command, "-o", name, cwd=work):
            corpus.add_file(name, work / name)
    if run("x86_64-w64-mingw32-windres", "app.rc", "app.o", cwd=work):
        if run("x86_64-w64-mingw32-gcc", "bare.c", "app.o", "-nostdlib", "-Wl,-e,_start", "-s", "-o", "manifest.exe", cwd=work):
            corpus.add_file("pe-manifest", work / "manifest.exe")
    if run("ar", "rcs", "archive.a", "object.o", "object.obj", cwd=work):
        corpus.add_file("archive.a", work / "archive.a")


def other_architectures(corpus, work):
    """What zig's clang links without a C library: ELF of other byte orders and widths, and Mach-O."""
    (work / "main.c").write_text("int main(void) { return 0; }\n")
    elf = ["aarch64-linux", "mips-linux", "mips64el-linux", "powerpc64-linux", "powerpc64le-linux", "riscv64-linux", "s390x-linux", "arm-linux"]
    for target in elf:
        words = ["zig", "cc", "-target", target, "bare.c", "-nostdlib", "-static", "-Os", "-s", "-o", target]
        if run(*words, cwd=work, env={"ZIG_GLOBAL_CACHE_DIR": str(work / "zig")}):
            corpus.add_file("elf-" + target, work / target)
    for target in ["x86_64-macos", "aarch64-macos"]:
        words = ["zig", "cc", "-target", target, "main.c", "-Os", "-s", "-o", target]
        if run(*words, cwd=work, env={"ZIG_GLOBAL_CACHE_DIR": str(work / "zig")}):
            corpus.add_file("macho-" + target, work / target)


def go_programs(corpus, work):
    """Heads of Go programs, and the build information out of one: a whole program is too long for a seed."""
    module = work / "go"
    module.mkdir()
    (module / "go.mod").write_text("module example.com/hi\n\ngo 1.21\n")
    (module / "main.go").write_text(GO)
    for system, arch in [("linux", "amd64"), ("linux", "mips"), ("windows", "amd64"), ("darwin", "arm64")]:
        output = f"{system}-{arch}"
        environment = {"GOOS": system, "GOARCH": arch, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod"}
        if not run("go", "build", "-ldflags=-s -w", "-o", output, cwd=module, env=environment):
            continue
        data = (module / output).read_bytes()
        corpus.add("facts", "go-" + output, data)
        at = data.find(b"\xff Go buildinf:")
        if at >= 0:
            corpus.add("go_build_info", output, data[at : at + 1024])
        if system == "darwin":
            code_signature(corpus, output, data)


def code_signature(corpus, name, data):
    """The SuperBlob that Go's linker wrote, and one with everything else that may be in one."""
    at = data.rfind(b"\xfa\xde\x0c\xc0")
    if at < 0:
        return
    corpus.add("code_signature", name, data[at:])
    directory = data.find(b"\xfa\xde\x0c\x02", at)
    (length,) = struct.unpack_from(">I", data, directory + 4)
    plist = b'<plist version="1.0"><dict><key>com.apple.security.app-sandbox</key><true/></dict></plist>'
    der = bytes([0x70, 0x12, 2, 1, 1, 0xB0, 13, 0x30, 11, 0x0C, 6]) + b"sample" + bytes([1, 1, 0xFF])
    expression = struct.pack(">IIII", 6, 2, 3, 0x612E6200) + struct.pack(">I", 15)
    requirement = struct.pack(">III", 0xFADE0C00, 12 + len(expression), 1) + expression
    requirements = struct.pack(">IIIII", 0xFADE0C01, 20 + len(requirement), 1, 3, 20) + requirement
    cms = next(iter(sorted((corpus.root / "authenticode").glob("*"))), None)
    blob = lambda magic, body: struct.pack(">II", magic, 8 + len(body)) + body
    blobs = [
        (0, data[directory : directory + min(length, 4096)]),
        (2, requirements),
        (5, blob(0xFADE7171, plist)),
        (7, blob(0xFADE7172, der)),
        (0x10000, blob(0xFADE0B01, cms.read_bytes() if cms else b"")),
    ]
    offset = 12 + 8 * len(blobs)
    index, bodies = b"", b""
    for slot, body in blobs:
        index += struct.pack(">II", slot, offset + len(bodies))
        bodies += body
    corpus.add("code_signature", "everything", struct.pack(">III", 0xFADE0CC0, offset + len(bodies), len(blobs)) + index + bodies)


def signatures(corpus, work):
    """Authenticode signatures with RSA and elliptic curves, by a certificate made here."""
    for name, key in [("rsa", ["rsa:2048"]), ("p256", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])]:
        request = ["openssl", "req", "-x509", "-newkey", *key, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.crt"]
        if not run(*request, "-days", "2", "-subj", "/CN=Fuzz", "-addext", "extendedKeyUsage=codeSigning", cwd=work):
            continue
        sign = ["osslsigncode", "sign", "-certs", f"{name}.crt", "-key", f"{name}.key", "-n", "Fuzz", "-in", "pe.exe"]
        if run(*sign, "-out", f"{name}.exe", cwd=work):
            data = (work / f"{name}.exe").read_bytes()
            corpus.add("facts", f"pe-signed-{name}", data)
            (pe,) = struct.unpack_from("<I", data, 0x3C)
            at, size = struct.unpack_from("<II", data, pe + 24 + 112 + 4 * 8)
            corpus.add("authenticode", name, data[at + 8 : at + size])


def hand_made(corpus):
    """Headers that no compiler writes."""
    slice_ = struct.pack("<IIIIIIII", 0xFEEDFACF, 0x0100000C, 0, 2, 0, 0, 0, 0)
    fat = struct.pack(">II", 0xCAFEBABE, 1) + struct.pack(">IIIII", 0x0100000C, 0, 64, len(slice_), 3)
    corpus.add("facts", "macho-universal", fat.ljust(64, b"\0") + slice_)
    wide = struct.pack(">II", 0xCAFEBABF, 1) + struct.pack(">IIQQII", 0x0100000C, 0, 64, len(slice_), 3, 0)
    corpus.add("facts", "macho-universal-64", wide.ljust(64, b"\0") + slice_)
    corpus.add("facts", "macho-32-big", struct.pack(">IIIIIII", 0xFEEDFACE, 18, 0, 2, 0, 0, 0))
    corpus.add("facts", "elf-cut", b"\x7fELF\x02\x01\x01")
    corpus.add("facts", "archive-thin", b"!<thin>\n")
    corpus.add("facts", "script", b"#!/bin/sh\n")
    corpus.add("facts", "xcoff", b"\x01\xf7\0\0")
    corpus.add("facts", "empty", b"")
    sentinel = b"0123456789abcdef"
    modules = sentinel + b"path\texample.com/x\nmod\texample.com/x\t(devel)\t\ndep\ta\tv1.0.0\th1:x=\n=>\tb\tv1.0.1\t\nbuild\t-ldflags=\"-s \\u00e9\"\n" + sentinel
    blob = b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\x06go1.27" + bytes([len(modules) & 127 | 128, len(modules) >> 7]) + modules
    corpus.add("go_build_info", "inline", blob)
    pointers = b"\xff Go buildinf:\x08\x00" + struct.pack("<QQ", 0x400430, 0x400450) + bytes(16)
    corpus.add("go_build_info", "pointers", pointers + struct.pack("<QQQQ", 0x400470, 6, 0x400476, 0) + bytes(32) + b"go1.16")


def messages(corpus, work):
    """What cargo and go really say of small builds."""
    crate, module = work / "crate", work / "module"
    (crate / "src").mkdir(parents=True)
    module.mkdir()
    (crate / "Cargo.toml").write_text('[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n\n[lib]\ncrate-type = ["cdylib", "rlib"]\n')
    (crate / "build.rs").write_text('fn main() { println!("cargo:rustc-link-lib=static=answer"); println!("plain"); }\n')
    (crate / "src/lib.rs").write_text("pub fn answer() {}\n")
    (crate / "src/main.rs").write_text("fn main() { let unused = 1; }\n")
    environment = {**os.environ, "CARGO_TARGET_DIR": str(work / "crate-target")}
    words = ["cargo", "check", "-vv", "--message-format=json"]
    said = subprocess.run(words, cwd=crate, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    # Paths of this machine are no business of the fuzzer's, and make its words long.
    said = said.replace(str(work).encode(), b"/w")
    corpus.add("cargo_messages", "check", said)
    for number, line in enumerate(said.splitlines(keepends=True)):
        corpus.add("cargo_messages", f"line-{number}", line)
    (module / "go.mod").write_text("module example.org/app\n\ngo 1.21\n")
    (module / "main.go").write_text(GO)
    if run("go", "build", "-debug-actiongraph", str(work / "graph.json"), "-o", "app", cwd=module):
        corpus.add("action_graph", "build", (work / "graph.json").read_bytes().replace(str(work).encode(), b"/w"))


def archives(corpus, work):
    """What stands behind the first header of real archives."""
    if (work / "archive.a").exists():
        corpus.add("archive", "two-members", (work / "archive.a").read_bytes()[68:])
    if (work / "object.o").exists():
        corpus.add("archive", "object", (work / "object.o").read_bytes())


def policies(corpus):
    """Every policy file of the repository, good and bad."""
    for number, path in enumerate(sorted([*REPOSITORY.glob("tests/policy/*.toml"), *REPOSITORY.glob("**/seaworthy*.toml"), *REPOSITORY.glob("templates/**/*.toml")])):
        if "target" not in path.relative_to(REPOSITORY).parts:
            corpus.add("policy", f"{number}-{path.stem}", path.read_bytes())


def platform_signatures(corpus):
    """A small platform signature, bare and in its wrappings, and the description of a machine."""
    symbols = {"symbols": ["puts@GLIBC_2.2.5"], "optional_symbols": ["__gmon_start__"]}
    library = {"name": "libc.so.6", "optional": False, "versions": ["GLIBC_2.34"], "optional_versions": [], **symbols}
    part = {
        "format": "elf", "arch": "x86_64", "bits": 64, "os": "linux", "kind": "pie", "linkage": "dynamic",
        "libc": {"family": "glibc", "linked_in": False, "version": None},
        "floors": {"glibc": "2.34", "linux": "3.2.0", "macos": None, "windows": None},
        "cpu": {"level": "x86-64-v2", "setting": "GOAMD64=v2", "features": ["popcnt"]},
        "page_alignment": 4096, "loader": "/lib64/ld-linux-x86-64.so.2", "libraries": [library], **symbols,
        "entitlements": {"com.apple.security.cs.allow-jit": True},
        "toolchain": {"go": "go1.27.3", "rustc": None, "rustc_commit": None, "others": ["GCC"]},
    }
    artifact = {
        "path": "target/app", "sha256": "0" * 64, "size": 1, "package": "app", "target": "linux/amd64", "verdict": "pass",
        "hosts": [{"host": "debian:12", "verdict": "runs", "why": None}],
        "excepted": [{"rule": "run-path", "arch": None, "host": None, "finding": "f", "reason": "r"}],
        "provided": ["Py*"], "slices": [part],
    }
    bare = {
        "format_version": 1, "tool": {"name": "seaworthy", "version": "0.1.0"},
        "policy": {"file": "seaworthy.toml", "sha256": "0" * 64},
        "build": {"tool": "go", "targets": [], "enforced": [{"setting": "s", "key": "k", "origin": "o"}]},
        "artifacts": [artifact],
    }
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "target/app", "digest": {"sha256": "0" * 64}}],
        "predicateType": "urn:seaworthy:platform-signature:v1", "predicate": bare,
    }
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    envelope = {
        "payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [{"keyid": "k", "sig": "AAAA"}],
    }
    machine = {"system": "linux", "arch": "x86_64", "cpu_features": ["popcnt"], "kernel": "6.1.0-18", "page_size": 4096}
    for name, document in dict(bare=bare, statement=statement, envelope=envelope, machine=machine).items():
        corpus.add("platform_signature", name, json.dumps(document).encode())


def member(name, content=b"", kind=tarfile.REGTYPE, link="", mode=0o755):
    """A member of a layer, and its content."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    info.size = len(content)
    return info, content


def image_layers(corpus, work):
    """Layers in every dialect of tar, with every kind of member and whiteout, packed in every way."""
    bare = (work / "elf-bare").read_bytes() if (work / "elf-bare").exists() else b"\x7fELF\x02\x01\x01".ljust(64, b"\0")
    usual = [
        member("./", kind=tarfile.DIRTYPE),
        member("usr/bin", kind=tarfile.DIRTYPE),
        member("bin", kind=tarfile.SYMTYPE, link="usr/bin"),
        member("lib", kind=tarfile.SYMTYPE, link="/usr/lib"),
        member("app", bare),
        member("b", kind=tarfile.LNKTYPE, link="app"),
        member("bin/a", b"#!/usr/bin/env -S a b\n"),
        member("x", b"#!/bin/sh\r\n"),
        member("etc/ld-musl-x86_64.path", b"/lib\n", mode=0o644),
        member("dev/null", kind=tarfile.CHRTYPE),
        member("run/pipe", kind=tarfile.FIFOTYPE),
    ]
    hidden = [
        member("usr/.wh.bin"),
        member("etc/.wh..wh..opq"),
        member(".wh..wh.plnk", kind=tarfile.DIRTYPE),
        member("usr/bin/a", b"text"),
    ]
    long = [member("d/" * 120 + "n" * 100, bare), member("l", kind=tarfile.SYMTYPE, link="t/" * 200)]
    circles = [member("a", kind=tarfile.SYMTYPE, link="b"), member("b", kind=tarfile.SYMTYPE, link="a"), member("y/z")]
    layers = dict(usual=usual, hidden=hidden, long=long, circles=circles, empty=[])
    dialects = dict(gnu=tarfile.GNU_FORMAT, pax=tarfile.PAX_FORMAT, ustar=tarfile.USTAR_FORMAT)
    for name, members in layers.items():
        for dialect, form in dialects.items():
            plain = io.BytesIO()
            try:
                with tarfile.open(fileobj=plain, mode="w", format=form) as tar:
                    for info, content in members:
                        info.pax_headers = {"SCHILY.xattr.user.x": "y"} if form == tarfile.PAX_FORMAT else {}
                        tar.addfile(info, io.BytesIO(content))
            except ValueError:
                # The oldest dialect has no room for long names.
                continue
            # Python fills up to 10 KiB; two blocks of zeros end a tar file as well.
            plain = plain.getvalue().rstrip(b"\0")
            plain = plain.ljust((len(plain) + 511) // 512 * 512, b"\0") + bytes(1024)
            corpus.add("image_layer", f"{name}-{dialect}", plain)
            if dialect == "gnu":
                corpus.add("image_layer", f"{name}.gz", gzip.compress(plain, mtime=0))
                corpus.add("image_layer", f"{name}.zst", zstd(plain))
    corpus.add("image_layer", "skipped.zst", struct.pack("<II", 0x184D2A50, 3) + b"xyz" + zstd(bytes(1024)))


def zstd(data):
    """A frame of zstd whose blocks are as they were (RFC 8878): the decoder is another project's, and fuzzed there."""
    frame = struct.pack("<IBQ", 0xFD2FB528, 0xE0, len(data))
    pieces = [data[at : at + 65536] for at in range(0, len(data), 65536)] or [b""]
    for piece in pieces:
        last = piece is pieces[-1]
        frame += struct.pack("<I", len(piece) << 3 | last)[:3] + piece
    return frame


def reports(corpus):
    """Small JSON reports of one program each for Linux, Windows and macOS, and one of a file that could not be read."""
    version = {"name": "GLIBC_2.34", "weak": True, "symbols": ["__libc_start_main"]}
    libc = {"name": "libc.so.6", "optional": True, "versions": [version], "symbols": ["environ"]}
    elf = {
        "arch": "x86_64", "format": "elf", "kind": "pie", "linkage": "dynamic", "libc": "glibc",
        "floors": {"glibc": "2.34", "linux": "3.2.0", "cpu": "x86-64-v2"}, "loader": "/lib64/ld-linux-x86-64.so.2",
        "libraries": [libc], "symbols": ["puts"], "hardening": {"full read-only relocations": True},
    }
    dll = {"name": "KERNEL32.dll", "symbols": ["CreateFileW"]}
    pe = {
        "arch": "x86_64", "format": "pe", "kind": "exe", "linkage": "dynamic", "floors": {"windows": "10.0"},
        "libraries": [dll], "symbols": [], "hardening": {"signature": False},
    }
    macho = {
        "arch": "aarch64", "format": "macho", "kind": "execute", "linkage": "dynamic", "floors": {"macos": "11.0"},
        "libraries": [], "symbols": [], "hardening": {}, "entitlements": {"a.b": [True, 1.5, "s", None]},
    }
    artifacts = {
        "elf": [{"path": "bin/app", "size": 1, "profiles": [elf]}],
        "pe": [{"path": "bin\\app.exe", "profiles": [pe]}, {"path": "app.exe", "profiles": [pe]}],
        "macho": [{"path": "app", "size": None, "profiles": [macho, {**macho, "arch": "x86_64"}]}],
        "unread": [{"path": "app", "profiles": []}],
        "old": [{"path": "app"}],
    }
    for name, files in artifacts.items():
        corpus.add("report", name, json.dumps({"format_version": 1, "artifacts": files}).encode())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    corpus = Corpus(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        c_programs(corpus, work)
        signatures(corpus, work)
        other_architectures(corpus, work)
        go_programs(corpus, work)
        hand_made(corpus)
        messages(corpus, work)
        archives(corpus, work)
        policies(corpus)
        platform_signatures(corpus)
        image_layers(corpus, work)
        reports(corpus)
    for what in dict.fromkeys(left_out):
        print(f"fuzz: no seeds from `{what}`, which is not there or failed", file=sys.stderr)
    for target in sorted(path for path in corpus.root.iterdir() if path.is_dir()):
        print(f"fuzz: {len(list(target.iterdir()))} seeds for {target.name}", file=sys.stderr)
    if left_out and os.environ.get("SEAWORTHY_TEST_REQUIRE") == "all":
        sys.exit(1)


main()
