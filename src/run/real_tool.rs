//! Where the real `cargo` or `go` is: the first on `PATH` that is not this program under another name.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::plan::Tool;
use crate::plan::environment::Environment;

/// Counts the hops from one copy of this program to the next.
pub const DEPTH: &str = "SEAWORTHY_DEPTH";
/// Names the tools whose build is guarded right now, separated by `:`; a nested call of one is not guarded again.
pub const ACTIVE: &str = "SEAWORTHY_ACTIVE";
/// Directories that hold shims, in the syntax of `PATH`; handed down, so that two installed copies cannot call each other.
pub const SHIM_DIRS: &str = "SEAWORTHY_SHIM_DIRS";
/// The process that last handed over to a script, and the scripts it and those before it handed over to, in the syntax of
/// `PATH`: a version manager's shim that calls the tool by its name comes back here, and must not be called again.
pub const HANDED_TO: &str = "SEAWORTHY_HANDED_TO";
/// A script that says this in its first 4 KiB is one of our shims.
pub const SHIM_MARKER: &str = "seaworthy-shim";
/// How much of a script is looked at.
const SHIM_START: usize = 4096;

/// More hops than this are a loop. Nested builds are rarely deeper than five; rustup went from 5 to 20 for them.
const DEEPEST: u32 = 20;

/// Path of the real tool.
///
/// `SEAWORTHY_REAL_CARGO` or `SEAWORTHY_REAL_GO` decides when it is set. Else every absolute directory of `PATH` is looked
/// through: an empty or relative entry would run whatever lies in the working directory.
///
/// # Errors
/// When there is none, when the variable names no program, and when copies of this program call each other.
pub fn find(tool: Tool, environment: &Environment) -> Result<PathBuf, Error> {
    if depth(environment) >= DEEPEST {
        let tried: Vec<_> = candidates(tool, environment).map(|path| path.display().to_string()).collect();
        return Err(Error::Environment(format!(
            "`{}` leads back to seaworthy, {DEEPEST} times in a row, by way of {}; set `{}` to the real one",
            tool.name(),
            tried.join(", "),
            variable(tool)
        )));
    }
    if let Some(named) = environment.non_empty(variable(tool)) {
        return named_by_user(tool, environment, Path::new(named));
    }
    let shims = shim_dirs(environment);
    let real = |path: &PathBuf| !shims.iter().any(|dir| path.parent() == Some(dir)) && !is_ours(path);
    let handed_to = handed_to(environment);
    let mut first = None;
    for path in candidates(tool, environment).filter(real) {
        if !handed_to.contains(&path) {
            return Ok(path);
        }
        first.get_or_insert(path);
    }
    first.ok_or_else(|| {
        let name = tool.name();
        let what = variable(tool);
        Error::ToolNotFound(format!("`{name}` was not found on the PATH; install it, or set `{what}` to its path"))
    })
}

/// The variables that tell nested calls where they are, for a call of `program`.
pub fn marks(environment: &Environment, program: &Path, active: Option<Tool>) -> Vec<(OsString, OsString)> {
    let mut marks = vec![(DEPTH.into(), (depth(environment) + 1).to_string().into())];
    if own_shim_dir(environment).is_some()
        && let Ok(dirs) = std::env::join_paths(shim_dirs(environment))
    {
        marks.push((SHIM_DIRS.into(), dirs));
    }
    if is_script(program) {
        let process = PathBuf::from(environment.processes.0.to_string());
        let scripts = handed_to(environment).into_iter().chain([program.to_path_buf()]);
        if let Ok(chain) = std::env::join_paths(std::iter::once(process).chain(scripts)) {
            marks.push((HANDED_TO.into(), chain));
        }
    }
    if let Some(tool) = active {
        let mut names = environment.text(ACTIVE).unwrap_or_default().to_owned();
        if !names.is_empty() {
            names.push(':');
        }
        names.push_str(tool.name());
        marks.push((ACTIVE.into(), names.into()));
    }
    marks
}

/// Whether a build of that tool is guarded already, further out.
pub fn is_active(tool: Tool, environment: &Environment) -> bool {
    environment.text(ACTIVE).is_some_and(|names| names.split(':').any(|name| name == tool.name()))
}

fn depth(environment: &Environment) -> u32 {
    environment.text(DEPTH).and_then(|depth| depth.parse().ok()).unwrap_or(0)
}

fn variable(tool: Tool) -> &'static str {
    match tool {
        Tool::Cargo => "SEAWORTHY_REAL_CARGO",
        Tool::Go => "SEAWORTHY_REAL_GO",
    }
}

fn named_by_user(tool: Tool, environment: &Environment, named: &Path) -> Result<PathBuf, Error> {
    let path = environment.cwd.join(named);
    let wrong = |why: &str| {
        let name = variable(tool);
        Error::Environment(format!("`{name}` is set to `{}`, {why}; unset it or correct it", named.display()))
    };
    match which::which_in(&path, None::<&str>, &environment.cwd) {
        Err(_) => Err(wrong("which is not a program")),
        Ok(path) if is_ours(&path) => Err(wrong("which is seaworthy itself")),
        Ok(path) => Ok(path),
    }
}

fn candidates(tool: Tool, environment: &Environment) -> impl Iterator<Item = PathBuf> {
    on_path(tool.name().as_ref(), environment)
}

/// Every program of that name on `PATH`, in order, or the one at that path; relative entries of `PATH` do not count.
pub(super) fn on_path(name: &OsStr, environment: &Environment) -> impl Iterator<Item = PathBuf> {
    let path = environment.get("PATH").unwrap_or_default();
    let absolute = std::env::split_paths(path).filter(|directory| directory.is_absolute());
    let path = std::env::join_paths(absolute).ok();
    path.and_then(|path| which::which_in_all(name, Some(path), &environment.cwd).ok()).into_iter().flatten()
}

/// Directories whose `cargo` and `go` are passed over: those handed down, and the one this program was called from.
fn shim_dirs(environment: &Environment) -> Vec<PathBuf> {
    let known = environment.non_empty(SHIM_DIRS).map(|dirs| std::env::split_paths(dirs).collect());
    let mut dirs: Vec<PathBuf> = known.unwrap_or_default();
    dirs.extend(own_shim_dir(environment).filter(|own| !dirs.contains(own)));
    dirs
}

/// Where the shim lies that this program was called by. A shell leaves out the directory of what it finds on the `PATH`; the
/// user's home directory says nothing about it.
fn own_shim_dir(environment: &Environment) -> Option<PathBuf> {
    let tool = crate::cli::shim_of(&environment.program)?;
    let called = Path::new(&environment.program);
    match called.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => Some(environment.cwd.join(parent)),
        None => candidates(tool, environment).find(|path| is_ours(path))?.parent().map(Path::to_path_buf),
    }
}

/// The scripts that this very call comes from: they were handed to by this process before it became what it is, or by the one
/// that started it. A build that calls the tool anew is another process.
fn handed_to(environment: &Environment) -> Vec<PathBuf> {
    let Some(chain) = environment.non_empty(HANDED_TO) else { return Vec::new() };
    let mut parts = std::env::split_paths(chain);
    let process = parts.next().and_then(|process| process.to_str()?.parse::<u32>().ok());
    let (own, parent) = environment.processes;
    if process.is_some_and(|process| process == own || Some(process) == parent) { parts.collect() } else { Vec::new() }
}

/// Whether a file starts with `#!`.
pub(super) fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"#!"
}

/// Whether running the file would run this program again: it is the same file, or one of our scripts.
pub(super) fn is_ours(path: &Path) -> bool {
    std::env::current_exe().is_ok_and(|own| is_same_file(path, &own)) || is_shim_script(path)
}

#[cfg(unix)]
fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other || is_hard_link(&one, &other),
        _ => false,
    }
}

/// Windows has no stable call for it; equal length and contents are compared instead, and only for small differences in
/// name: a shim is a copy or a hard link of this program.
#[cfg(not(unix))]
fn is_hard_link(one: &Path, other: &Path) -> bool {
    let same_length = matches!((one.metadata(), other.metadata()), (Ok(one), Ok(other)) if one.len() == other.len());
    same_length && matches!((std::fs::read(one), std::fs::read(other)), (Ok(one), Ok(other)) if one == other)
}

fn is_shim_script(path: &Path) -> bool {
    // With room for all of it: read_to_end asks for a few bytes at a time otherwise.
    let mut start = Vec::with_capacity(SHIM_START);
    let Ok(file) = std::fs::File::open(path) else { return false };
    let read = file.take(SHIM_START as u64).read_to_end(&mut start);
    let is_program = start.starts_with(b"\x7fELF") || start.starts_with(b"MZ");
    read.is_ok() && !is_program && memchr::memmem::find(&start, SHIM_MARKER.as_bytes()).is_some()
}
