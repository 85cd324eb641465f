#!/usr/bin/env python3
"""Judges images of several gigabytes and asserts that memory stays below 200 MiB.

usage: scripts/test-images.py SEAWORTHY

The layers are made as a stream, so that only what gzip leaves of them is on disk: zeros, many names, and the programs and
libraries of this machine. Peak memory is what wait4 says of the finished process.
"""

import hashlib
import json
import os
import random
import sys
import tarfile
import tempfile
import time
import zlib

LIMIT = 200 << 20
GIB = 1 << 30


class Layer:
    """A gzip stream of a tar stream, with the digests of both."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        self.packed, self.plain = hashlib.sha256(), hashlib.sha256()
        self.length = self.unpacked = 0

    def raw(self, data):
        self.plain.update(data)
        self.unpacked += len(data)
        self.out(self.packer.compress(data))

    def out(self, data):
        self.packed.update(data)
        self.length += len(data)
        self.file.write(data)

    def member(self, name, size, blocks, mode=0o644):
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, mode
        self.raw(info.tobuf(tarfile.GNU_FORMAT))
        for block in blocks:
            self.raw(block)
        self.raw(bytes(-size % 512))

    def close(self):
        self.raw(bytes(1024))
        self.out(self.packer.flush())
        self.file.close()


def zeros(size):
    block = bytes(1 << 20)
    for _ in range(size >> 20):
        yield block


def elf_files(most, most_bytes):
    """Programs and libraries of this machine: so many files and bytes of them, always the same ones."""
    found = []
    for top in ("/usr/bin", "/usr/lib"):
        for directory, _, names in os.walk(top):
            for name in sorted(names):
                path = os.path.join(directory, name)
                if not os.path.islink(path) and os.path.isfile(path) and open(path, "rb").read(4) == b"\x7fELF":
                    found.append(path)
    random.Random(1).shuffle(found)
    taken, length = [], 0
    for path in found[:most]:
        size = os.path.getsize(path)
        if length + size <= most_bytes:
            taken.append(path)
            length += size
    return taken


def archive(directory, fill):
    """An OCI layout in a tar file, with one layer that `fill` fills."""
    blobs = os.path.join(directory, "blobs", "sha256")
    os.makedirs(blobs)
    layer = Layer(os.path.join(directory, "layer"))
    fill(layer)
    layer.close()
    os.rename(layer.file.name, os.path.join(blobs, layer.packed.hexdigest()))

    def blob(document, kind):
        data = json.dumps(document).encode()
        digest = hashlib.sha256(data).hexdigest()
        open(os.path.join(blobs, digest), "wb").write(data)
        return {"mediaType": kind, "digest": "sha256:" + digest, "size": len(data)}

    oci = "application/vnd.oci.image."
    start = {"Entrypoint": ["/app"]}
    diff_ids = ["sha256:" + layer.plain.hexdigest()]
    config = {"os": "linux", "architecture": "amd64", "config": start, "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    packed = {"mediaType": oci + "layer.v1.tar+gzip", "digest": "sha256:" + layer.packed.hexdigest(), "size": layer.length}
    manifest = {"schemaVersion": 2, "config": blob(config, oci + "config.v1+json"), "layers": [packed]}
    index = {"schemaVersion": 2, "manifests": [blob(manifest, oci + "manifest.v1+json")]}
    json.dump(index, open(os.path.join(directory, "index.json"), "w"))
    json.dump({"imageLayoutVersion": "1.0.0"}, open(os.path.join(directory, "oci-layout"), "w"))
    path = directory + ".tar"
    with tarfile.open(path, "w") as tar:
        tar.add(directory, ".")
    return path, layer.unpacked


def judge(program, name, fill, expected):
    with tempfile.TemporaryDirectory(prefix="seaworthy-images-") as scratch:
        path, unpacked = archive(os.path.join(scratch, name), fill)
        temporary = os.path.join(scratch, "tmp")
        os.mkdir(temporary)
        started = time.monotonic()
        output = os.open(os.path.join(scratch, "output"), os.O_CREAT | os.O_RDWR)
        pid = os.fork()
        if pid == 0:
            # What this script itself holds must not count.
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.execve(program, [program, "check", path], {"TMPDIR": temporary})
        _, status, usage = os.wait4(pid, 0)
        took = time.monotonic() - started
        text = os.pread(output, 1 << 16, 0).decode()
        peak = usage.ru_maxrss << 10
        code = os.waitstatus_to_exitcode(status)
        packed = os.path.getsize(path) >> 20
        print(f"{name}: {unpacked / GIB:.1f} GiB unpacked, {packed} MiB packed, peak memory {peak >> 20} MiB, {took:.1f} s")
        assert code == expected[0] and expected[1] in text, f"{code}: {text}"
        assert peak < LIMIT, f"{peak >> 20} MiB of memory"
        assert not os.listdir(temporary), "something was left in TMPDIR"


def big(layer):
    """Five gigabytes in few files."""
    app = open("/usr/bin/env", "rb").read()
    layer.member("app", len(app), [app], 0o755)
    for number in range(10):
        layer.member(f"data/{number}", GIB // 2, zeros(GIB // 2))


def crowded(layer):
    """Many names, and the programs and libraries of this machine."""
    for number in range(300_000):
        layer.member(f"usr/share/doc/package-{number // 100}/a-rather-long-name-of-a-file-{number}.txt", 0, [])
    for path in elf_files(2000, GIB // 2):
        data = open(path, "rb").read()
        layer.member(path.lstrip("/"), len(data), [data], os.stat(path).st_mode & 0o777)
    loader = open(os.path.realpath("/lib64/ld-linux-x86-64.so.2"), "rb").read()
    layer.member("lib64/ld-linux-x86-64.so.2", len(loader), [loader], 0o755)
    layer.member("app", 10, [b"#!/bin/sh\n"], 0o755)


def bomb(layer):
    """Zeros for longer than an image may be."""
    layer.member("zeros", 63 * GIB, zeros(63 * GIB))
    layer.member("more", 2 * GIB, zeros(2 * GIB))


if __name__ == "__main__":
    program = os.path.realpath(sys.argv[1])
    judge(program, "big", big, (3, "unstartable-entrypoint"))
    judge(program, "crowded", crowded, (3, "unstartable-entrypoint"))
    if "--bomb" in sys.argv:
        judge(program, "bomb", bomb, (4, "unpacks to more than"))
