//! Shims: this program under the names `cargo` and `go`, in a directory that stands in front of the `PATH`.
//!
//! Nothing about a shim is remembered: what is installed is read from the directory, and what runs is read from the `PATH`.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::real_tool::{self, is_ours};
use crate::error::Error;
use crate::plan::Tool;
use crate::plan::environment::Environment;

/// The tools that can have a shim.
pub const TOOLS: [Tool; 2] = [Tool::Cargo, Tool::Go];

/// What became of one shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Installed,
    /// It is gone.
    Removed,
    /// There was nothing to do.
    Unchanged,
    /// Something else has its name, and stays.
    Foreign,
}

/// Where shims go: `explicit`, else `seaworthy/shims` in the user's directory for data.
///
/// # Errors
/// When nothing says where that is.
pub fn directory(explicit: Option<&Path>, environment: &Environment) -> Result<PathBuf, Error> {
    if let Some(directory) = explicit {
        return Ok(environment.cwd.join(directory));
    }
    let variable = if cfg!(windows) { "LOCALAPPDATA" } else { "XDG_DATA_HOME" };
    let data = environment.non_empty(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || environment.home().filter(|home| home.is_absolute()).map(|home| home.join(".local/share"));
    data.or_else(home).map(|data| data.join("seaworthy").join("shims")).ok_or_else(|| {
        Error::Environment(format!("neither `{variable}` nor a home directory is set; say where with --dir"))
    })
}

/// Where the shim of a tool is, in that directory.
pub fn path(directory: &Path, tool: Tool) -> PathBuf {
    directory.join(format!("{}{}", tool.name(), std::env::consts::EXE_SUFFIX))
}

/// Makes the shims.
///
/// # Errors
/// When the directory is one that real tools live in, or cannot be written to.
pub fn install(directory: &Path, tools: &[Tool], environment: &Environment) -> Result<Vec<Change>, Error> {
    refuse_homes_of_tools(directory, environment)?;
    let failed = |action, path: &Path, source| Error::Io { action, path: path.to_path_buf(), source };
    fs::create_dir_all(directory).map_err(|source| failed("create", directory, source))?;
    let program = std::env::current_exe().map_err(|source| failed("find", Path::new("this program"), source))?;
    let one = |tool: &Tool| {
        let shim = path(directory, *tool);
        if is_ours(&shim) {
            return Ok(Change::Unchanged);
        }
        if is_shim(&shim) {
            // Another copy's, or one whose program is gone.
            fs::remove_file(&shim).map_err(|source| failed("replace", &shim, source))?;
        }
        link(&program, &shim).map_err(|source| failed("create", &shim, source))?;
        Ok(Change::Installed)
    };
    tools.iter().map(one).collect()
}

/// Takes the shims away, and the directory when nothing is left in it.
///
/// # Errors
/// When a shim cannot be removed.
pub fn remove(directory: &Path, tools: &[Tool]) -> Result<Vec<Change>, Error> {
    let one = |tool: &Tool| {
        let shim = path(directory, *tool);
        match fs::symlink_metadata(&shim) {
            Err(_) => Ok(Change::Unchanged),
            Ok(_) if !is_shim(&shim) => Ok(Change::Foreign),
            Ok(_) => {
                let failed = |source| Error::Io { action: "remove", path: shim.clone(), source };
                fs::remove_file(&shim).map(|()| Change::Removed).map_err(failed)
            }
        }
    };
    let changes = tools.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    if changes.contains(&Change::Removed) {
        // Fails where something else is left, which is as it should be.
        let _ = fs::remove_dir(directory);
    }
    Ok(changes)
}

/// Whether a file is a shim of this program, or of another copy of it; one whose program is gone counts.
fn is_shim(path: &Path) -> bool {
    let named = |target: PathBuf| target.file_stem().is_some_and(|stem| stem == env!("CARGO_PKG_NAME"));
    is_ours(path) || fs::read_link(path).is_ok_and(named)
}

/// A directory with a real `cargo` or `go` in it cannot be passed over when the real one is looked for; and rustup puts its
/// own programs back into its directory with every update.
fn refuse_homes_of_tools(directory: &Path, environment: &Environment) -> Result<(), Error> {
    let same = |other: &Path| matches!((directory.canonicalize(), other.canonicalize()), (Ok(a), Ok(b)) if a == b);
    let refusal = |what: String| {
        let shown = directory.display();
        Err(Error::Environment(format!("`{shown}` {what}; name a directory of the shims' own with --dir")))
    };
    if cargo_bin(environment).is_some_and(|bin| same(&bin)) {
        return refusal("is rustup's and cargo's own, and they would replace the shims".to_owned());
    }
    for tool in TOOLS {
        let there = path(directory, tool);
        if fs::symlink_metadata(&there).is_ok() && !is_shim(&there) {
            return refusal(format!("holds a `{}` that is no shim", tool.name()));
        }
    }
    Ok(())
}

/// `$CARGO_HOME/bin`.
fn cargo_bin(environment: &Environment) -> Option<PathBuf> {
    crate::plan::cargo::config::cargo_home(environment).map(|home| home.join("bin"))
}

#[cfg(unix)]
fn link(program: &Path, shim: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(program, shim)
}

/// A script would lose exit codes and Ctrl-C; symbolic links need a privilege.
#[cfg(not(unix))]
fn link(program: &Path, shim: &Path) -> std::io::Result<()> {
    fs::hard_link(program, shim).or_else(|_| fs::copy(program, shim).map(drop))
}

/// What happens when one of the tools is called by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The tool.
    pub tool: Tool,
    /// Its shim, if it is installed.
    pub shim: Option<PathBuf>,
    /// The first on the `PATH`: what runs.
    pub runs: Option<PathBuf>,
    /// Whether that is a shim.
    pub guarded: bool,
    /// What the guard runs in turn.
    pub real: Option<PathBuf>,
    /// What is in the way, and what may be.
    pub warnings: Vec<String>,
}

impl Status {
    /// Whether a shim was installed to no avail.
    pub fn is_broken(&self) -> bool {
        self.shim.is_some() && !(self.guarded && self.real.is_some())
    }
}

/// What happens when a tool is called by its name, with the shims of that directory.
pub fn status(directory: &Path, tool: Tool, environment: &Environment) -> Status {
    let shim = path(directory, tool);
    let shim = fs::symlink_metadata(&shim).is_ok().then_some(shim).filter(|shim| is_shim(shim));
    let runs = real_tool::on_path(tool.name().as_ref(), environment).next();
    let guarded = runs.as_deref().is_some_and(is_shim);
    let found = real_tool::find(tool, environment);
    let mut status = Status { tool, shim, runs, guarded, real: None, warnings: Vec::new() };
    match found {
        Ok(real) => status.real = Some(real),
        Err(error) if status.shim.is_some() => status.warnings.push(error.to_string()),
        Err(_) => {}
    }
    status.warnings.extend(in_the_way(&status, directory, environment));
    status
}

fn in_the_way(status: &Status, directory: &Path, environment: &Environment) -> Vec<String> {
    let mut warnings = Vec::new();
    let path = environment.get("PATH").unwrap_or_default();
    let on_path = |wanted: &Path| std::env::split_paths(path).any(|entry| entry == wanted);
    let name = status.tool.name();
    if let Some(shim) = &status.shim {
        if fs::metadata(shim).is_err() {
            warnings
                .push(format!("the program behind `{}` is gone; run `seaworthy shim install` again", shim.display()));
        }
        match &status.runs {
            _ if !on_path(directory) => {
                warnings.push(format!(
                    "`{0}` is not on the PATH; put it in front: PATH=\"{0}:$PATH\"",
                    directory.display()
                ));
            }
            Some(runs) if !status.guarded => warnings.push(format!(
                "`{}` comes before the shim on the PATH; put `{}` in front of it",
                runs.display(),
                directory.display()
            )),
            _ => {}
        }
    }
    let Some(real) = status.real.as_ref().filter(|_| status.guarded) else { return warnings };
    if real_tool::is_script(real) {
        warnings.push(format!(
            "`{}` is a script, as version managers have them; where it calls `{name}` by its name again, the next one on the \
             PATH is run",
            real.display()
        ));
    }
    if let Some(bin) =
        cargo_bin(environment).filter(|bin| status.tool == Tool::Cargo && !on_path(bin) && bin.join("rustup").exists())
    {
        warnings.push(format!(
            "`{0}` is not on the PATH, and rustup puts it in front of everything: builds that call cargo themselves pass the \
             shim by; add it behind the shims",
            bin.display()
        ));
    }
    warnings
}
