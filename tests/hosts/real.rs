//! What the real loaders say, asked in roots that `scripts/roots.sh` makes.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// A root file system by name.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    pub(crate) name: String,
    pub(crate) directory: PathBuf,
    /// Architecture, as in the facts.
    pub(crate) arch: &'static str,
}

impl Root {
    fn new(name: &str, directory: &str) -> Root {
        let arch = match name.split_once('@').map_or("amd64", |(_, arch)| arch) {
            "amd64" => "x86_64",
            "arm64" => "aarch64",
            "armhf" => "arm",
            "i386" => "i386",
            "ppc64el" => "ppc64le",
            "riscv64" => "riscv64",
            "s390x" => "s390x",
            other => panic!("no emulator is known for {other}"),
        };
        Root { name: name.to_owned(), directory: directory.into(), arch }
    }

    /// The emulator that runs its loader, when this machine cannot.
    fn emulator(&self) -> Option<String> {
        (self.arch != "x86_64").then(|| format!("qemu-{}-static", self.arch))
    }
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

/// The roots of those names, made if need be; `NAME=DIRECTORY` names one that exists.
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
        Root::new(name, directory)
    };
    lines.iter().map(root).collect()
}

/// The programs that ask the loaders, compiled once per run.
fn tools() -> &'static Path {
    static TOOLS: OnceLock<PathBuf> = OnceLock::new();
    TOOLS.get_or_init(|| {
        let source = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hosts/tools").join(name);
        let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hosts-tools-{}", std::process::id()));
        std::fs::create_dir_all(&to).expect("a directory for tools");
        let compile = |compiler: &str, flags: &[&str], from: &str, name: &str, last: &[&str]| {
            let mut command = Command::new(compiler);
            command.arg("-O1").args(flags).arg("-o").arg(to.join(name)).arg(source(from)).args(last);
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
        to
    })
}

/// The loader that programs of a root use: glibc's if it has one, else musl's.
fn loader_of(root: &Root) -> &'static str {
    let glibc = match root.arch {
        "aarch64" => "/lib/ld-linux-aarch64.so.1",
        "arm" => "/lib/ld-linux-armhf.so.3",
        "i386" => "/lib/ld-linux.so.2",
        "ppc64le" => "/lib64/ld64.so.2",
        "riscv64" => "/lib/ld-linux-riscv64-lp64d.so.1",
        "s390x" => "/lib/ld64.so.1",
        _ => "/lib64/ld-linux-x86-64.so.2",
    };
    let musl = "/lib/ld-musl-x86_64.so.1";
    let is_there = |path: &str| std::fs::symlink_metadata(root.directory.join(&path[1..])).is_ok();
    if !is_there(glibc) && is_there(musl) { musl } else { glibc }
}

/// Loads every item in the root by the root's own loader, with every symbol bound and none of the item's own code run.
pub(crate) fn load(root: &Root, corpus: &Path, items: &[Item]) -> HashMap<String, Said> {
    let emulator = root.emulator();
    if let Some(emulator) = &emulator {
        std::fs::copy(Path::new("/usr/bin").join(emulator), tools().join(emulator))
            .expect("qemu-user-static is installed");
    }
    let mut list = String::new();
    for item in items {
        let kind = match item.kind {
            _ if emulator.is_some() => "trace",
            Kind::Program => "program",
            Kind::Run => "run",
            Kind::Library => "library",
        };
        let loader = item.interpreter.as_deref().unwrap_or_else(|| loader_of(root));
        list.push_str(&format!("{kind}\t{loader}\t/.seaworthy/corpus/{}\n", item.path));
    }
    let mut child = Command::new(scripts().join("load-in-root.sh"))
        .args([&root.directory, corpus, tools()])
        .args(&emulator)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("scripts/load-in-root.sh starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(list.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the list").expect("the list is taken");
    assert!(output.status.success(), "loading in {} failed: {}", root.name, output.status);
    let by_path: HashMap<&str, &Item> = items.iter().map(|item| (item.path.as_str(), item)).collect();
    let said = |line: &str| {
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
            _ if emulator.is_some() => code == "0" && !complains(),
            Kind::Library => !matches!(code, "43" | "127"),
            Kind::Program if musl => code != "127",
            Kind::Program | Kind::Run => code == "42",
        };
        Some((path, Said { loads, died: code.parse::<u32>().is_ok_and(|code| code >= 128), complaint }))
    };
    let all: HashMap<_, _> = String::from_utf8_lossy(&output.stdout).lines().filter_map(said).collect();
    assert_eq!(all.len(), items.len(), "every item has an answer in {}", root.name);
    all
}
