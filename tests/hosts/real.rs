//! What the real loaders say, asked in roots that `scripts/roots.sh` makes.

use std::collections::HashMap;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// An architecture whose loaders can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Machine {
    /// As Debian calls it, and as a root's name does after `@`.
    debian: &'static str,
    /// As in the facts.
    pub(crate) arch: &'static str,
    /// `e_machine`.
    pub(crate) number: u16,
    pub(crate) bits: u8,
    glibc: &'static str,
    musl: &'static str,
}

const fn machine(
    debian: &'static str,
    arch: &'static str,
    (number, bits): (u16, u8),
    glibc: &'static str,
    musl: &'static str,
) -> Machine {
    Machine { debian, arch, number, bits, glibc, musl }
}

/// The first is this machine's own.
const MACHINES: [Machine; 8] = [
    machine("amd64", "x86_64", (62, 64), "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"),
    machine("arm64", "aarch64", (183, 64), "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1"),
    machine("armhf", "arm", (40, 32), "/lib/ld-linux-armhf.so.3", "/lib/ld-musl-armhf.so.1"),
    machine("armel", "arm", (40, 32), "/lib/ld-linux.so.3", "/lib/ld-musl-arm.so.1"),
    machine("i386", "i386", (3, 32), "/lib/ld-linux.so.2", "/lib/ld-musl-i386.so.1"),
    machine("ppc64el", "ppc64le", (21, 64), "/lib64/ld64.so.2", "/lib/ld-musl-powerpc64le.so.1"),
    machine("riscv64", "riscv64", (243, 64), "/lib/ld-linux-riscv64-lp64d.so.1", "/lib/ld-musl-riscv64.so.1"),
    machine("s390x", "s390x", (22, 64), "/lib/ld64.so.1", "/lib/ld-musl-s390x.so.1"),
];

/// A root file system by name.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    pub(crate) name: String,
    pub(crate) directory: PathBuf,
    pub(crate) machine: Machine,
}

impl Root {
    /// A root whose architecture is in its name (`debian-12@arm64`), or else that of the loader it has; this machine's
    /// without one.
    pub(crate) fn new(name: &str, directory: &Path) -> Root {
        let machine = match name.split_once('@') {
            Some((_, debian)) => MACHINES.iter().find(|machine| machine.debian == debian),
            None => {
                MACHINES.iter().find(|machine| [machine.glibc, machine.musl].iter().any(|path| has(directory, path)))
            }
        };
        Root { name: name.to_owned(), directory: directory.to_owned(), machine: *machine.unwrap_or(&MACHINES[0]) }
    }

    /// The emulator that runs its loader, when this machine cannot.
    fn emulator(&self) -> Option<String> {
        (self.machine != MACHINES[0]).then(|| format!("qemu-{}-static", self.machine.arch))
    }

    /// Whether the item can be tried there: nobody starts a program without a loader but the kernel, which is this machine's.
    pub(crate) fn can_try(&self, item: &Item) -> bool {
        item.kind != Kind::Static || self.emulator().is_none()
    }

    /// The loader that its programs use: glibc's if it has one, else musl's.
    pub(crate) fn loader(&self) -> &'static str {
        let Machine { glibc, musl, .. } = self.machine;
        if !has(&self.directory, glibc) && has(&self.directory, musl) { musl } else { glibc }
    }
}

fn has(root: &Path, path: &str) -> bool {
    std::fs::symlink_metadata(root.join(path.trim_start_matches('/'))).is_ok()
}

/// What to load.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Path below the corpus.
    pub(crate) path: String,
    /// How it is tried.
    pub(crate) kind: Kind,
    /// `PT_INTERP` of a program; `None` for a library.
    pub(crate) interpreter: Option<String>,
}

/// How a file is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A program that is loaded and ended before its own code runs.
    Program,
    /// A program of ours, which is run and ends with 42.
    Run,
    /// A program without a loader, which the kernel starts and nobody lets run.
    Static,
    /// A library that is opened.
    Library,
}

/// What a loader that lists says when it would not load.
const COMPLAINTS: &[&str] = &[
    "not found",
    "undefined symbol",
    "not defined in file",
    "error while loading",
    "Inconsistency",
    "Error ",
    "FATAL",
];

/// Whether roots can be made and entered here, or why not; panics when everything is required.
pub(crate) fn can_ask() -> Result<(), String> {
    let have = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let lacking: Vec<&str> =
        ["apt-get", "dpkg-deb", "gcc", "musl-gcc", "unshare", "qemu-img", "debugfs", "python3", "rustc"]
            .into_iter()
            .filter(|program| !have(program))
            .collect();
    let spaces = Command::new("unshare").args(["-rm", "true"]).output().is_ok_and(|output| output.status.success());
    if lacking.is_empty() && spaces && cfg!(target_arch = "x86_64") {
        return Ok(());
    }
    let why = format!("missing tools: {lacking:?}, mount namespaces: {spaces}, roots are for x86_64");
    assert!(std::env::var("SEAWORTHY_TEST_REQUIRE").as_deref() != Ok("all"), "real loaders cannot be asked: {why}");
    Err(why)
}

/// What the loader said.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) loads: bool,
    /// A signal ended it once the loader was through: its own code, or what the loader left undone.
    pub(crate) died: bool,
    pub(crate) complaint: String,
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts")
}

/// The roots of those names, made if need be; `NAME=DIRECTORY` or a path names one that exists.
pub(crate) fn roots(names: &[&str]) -> Vec<Root> {
    let (given, wanted): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| name.contains('='));
    let mut lines: Vec<String> = given.iter().map(|&line| line.to_owned()).collect();
    if !wanted.is_empty() || names.is_empty() {
        let output = Command::new(scripts().join("roots.sh"))
            .args(&wanted)
            .stderr(Stdio::inherit())
            .output()
            .expect("scripts/roots.sh starts");
        assert!(output.status.success(), "scripts/roots.sh failed for {wanted:?}");
        lines.extend(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned));
    }
    let root = |line: &String| {
        let (name, directory) = line.split_once('=').expect("NAME=DIRECTORY");
        let directory = std::path::absolute(directory).expect("a directory");
        assert!(directory.is_dir(), "the root `{name}` is no directory: {}", directory.display());
        Root::new(name, &directory)
    };
    lines.iter().map(root).collect()
}

/// The programs that ask the loaders, compiled once per run and gone after it.
#[derive(Debug)]
pub(crate) struct Tools(TempDir);

impl Tools {
    /// Compiles them.
    pub(crate) fn compile() -> Tools {
        let source = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hosts/tools").join(name);
        let to = scratch("hosts-tools-");
        let compile = |compiler: &str, flags: &[&str], from: &str, name: &str, last: &[&str]| {
            let mut command = Command::new(compiler);
            command.arg("-O1").args(flags).arg("-o").arg(to.path().join(name)).arg(source(from)).args(last);
            assert!(command.status().expect("the compiler starts").success(), "{command:?}");
        };
        compile(
            "gcc",
            &["-shared", "-nostdlib", "-fPIC", "-Wl,-z,initfirst", "-Wl,--hash-style=both"],
            "loaded.c",
            "loaded.so",
            &[],
        );
        let freestanding = ["-fno-stack-protector", "-nostartfiles", "-no-pie"];
        compile("gcc", &freestanding, "open.c", "open-glibc", &["-Wl,--no-as-needed", "-l:libdl.so.2"]);
        compile("musl-gcc", &[], "open.c", "open-musl", &[]);
        compile("gcc", &["-static"], "enter.c", "enter", &[]);
        Tools(to)
    }

    /// Loads every item in the root by the root's own loader, with every symbol bound and none of the item's own code run.
    pub(crate) fn load(&self, root: &Root, corpus: &Path, items: &[Item]) -> HashMap<String, Said> {
        let emulator = root.emulator();
        if let Some(emulator) = &emulator {
            std::fs::copy(Path::new("/usr/bin").join(emulator), self.0.path().join(emulator))
                .expect("qemu-user-static is installed");
        }
        let mut command = Command::new(scripts().join("load-in-root.sh"));
        command.args([&root.directory, corpus, self.0.path()]).args(&emulator);
        if !items.iter().all(|item| is_open(corpus, &item.path)) {
            command.env("SEAWORTHY_KEEP_UID", "1");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("load-in-root.sh starts");
        let list: String = items.iter().map(|item| line(root, item)).collect();
        let mut stdin = child.stdin.take().expect("a pipe");
        let writer = std::thread::spawn(move || stdin.write_all(list.as_bytes()));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("the list").expect("the list is taken");
        assert!(output.status.success(), "loading in {} failed: {}", root.name, output.status);
        let by_path: HashMap<&str, &Item> = items.iter().map(|item| (item.path.as_str(), item)).collect();
        let answers = String::from_utf8_lossy(&output.stdout);
        let all: HashMap<_, _> =
            answers.lines().filter_map(|line| answer(line, &by_path, emulator.is_some())).collect();
        assert_eq!(all.len(), by_path.len(), "every item has an answer in {}", root.name);
        all
    }
}

/// A directory below `target/` that goes away with its value, and that whoever the loader runs as may enter.
pub(crate) fn scratch(prefix: &str) -> TempDir {
    let directory = tempfile::Builder::new()
        .prefix(prefix)
        .permissions(std::fs::Permissions::from_mode(0o755))
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    directory.expect("a directory below target/")
}

/// Whether everybody may read the file and the directories above it in the corpus.
fn is_open(corpus: &Path, path: &str) -> bool {
    let file = corpus.join(path);
    let parts = file.ancestors().take_while(|part| part.starts_with(corpus));
    parts.into_iter().all(|part| {
        let wanted = if part == file { 0o4 } else { 0o1 };
        part.metadata().is_ok_and(|metadata| metadata.permissions().mode() & wanted != 0)
    })
}

/// What `enter` is told of an item.
fn line(root: &Root, item: &Item) -> String {
    let kind = match item.kind {
        _ if root.emulator().is_some() => "trace",
        Kind::Program => "program",
        Kind::Run => "run",
        Kind::Static => "start",
        Kind::Library => "library",
    };
    let loader = item.interpreter.as_deref().unwrap_or_else(|| root.loader());
    format!("{kind}\t{loader}\t/.seaworthy/corpus/{}\n", item.path)
}

/// What a line of `enter` says.
fn answer(line: &str, by_path: &HashMap<&str, &Item>, emulated: bool) -> Option<(String, Said)> {
    let mut columns = line.splitn(3, '\t');
    let path = columns.next()?.strip_prefix("/.seaworthy/corpus/")?.to_owned();
    let code = columns.next()?;
    let complaint = format!("[{code}] {}", columns.next()?);
    let item = by_path.get(path.as_str())?;
    // A library is refused by 43 (or 127, when nothing could be started); any other end is its own constructors'. musl
    // refuses with 127; a program with an entry point of its own may skip every constructor there.
    let musl = item.interpreter.as_deref().is_some_and(|loader| loader.contains("musl"));
    let complains = || COMPLAINTS.iter().any(|word| complaint.contains(word));
    let loads = match item.kind {
        _ if emulated => code == "0" && !complains(),
        Kind::Library => !matches!(code, "43" | "127"),
        Kind::Program if musl => code != "127",
        Kind::Program | Kind::Run | Kind::Static => code == "42",
    };
    Some((path, Said { loads, died: code.parse::<u32>().is_ok_and(|code| code >= 128), complaint }))
}
