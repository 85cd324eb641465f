//! What an image starts, found as a runtime and then the kernel would: `PATH`, the working directory, the execute bit, `#!`.

mod shebang;
mod user;

use std::io::Read as _;
use std::path::PathBuf;

use serde::Serialize;

use super::access::{EXECUTE, Identity, READ};
use super::layers::TEXT;
use super::manifest::Start;
use super::tree::{Content, File, Found, Tree};
use super::{Access, Part, shown};
use crate::hosts;
use shebang::Shebang;

/// The `PATH` of a container whose image sets none.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Scripts run by scripts, before the kernel says `ELOOP`.
const MOST_SCRIPTS: usize = 5;
/// Bytes of `/etc/passwd` that are read.
const MOST_USERS: u64 = 1 << 20;
/// Programs that do nothing but start their arguments.
const INITS: &[&str] = &["tini", "tini-static", "dumb-init", "catatonit", "docker-init", "su-exec", "gosu", "env"];
/// Those of them whose options end with `--`.
const ENDING_OPTIONS: &[&str] = &["tini", "tini-static", "dumb-init", "catatonit", "docker-init"];
/// Shells, which take a command behind `-c`, or the name of a script.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "busybox"];
/// What a script is said to be run by where the kernel does not run it.
const BY_SHELL: &str = "the shell that starts it";

/// One file that an image starts, or would if it could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The absolute path with links followed, or the name as it was asked for where there is no such file.
    pub path: String,
    /// Why it is started.
    pub part: Part,
    /// What a script is run by; empty for a program.
    pub script: Option<String>,
    /// Why it cannot be started.
    pub fault: Option<Fault>,
}

/// Why something cannot be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// A clause: `it is not in the image`.
    pub why: String,
    /// What shows it.
    pub evidence: Vec<String>,
    /// The next step.
    pub help: String,
}

/// Everything that an image with this configuration starts, the entrypoint first; nothing where it names none.
pub fn of(tree: &Tree, start: &Start) -> Vec<Started> {
    let entrypoint = start.entrypoint.clone().unwrap_or_default();
    let cmd = start.cmd.clone().unwrap_or_default();
    let argv: Vec<&str> = entrypoint.iter().chain(&cmd).map(String::as_str).collect();
    let Some((program, arguments)) = argv.split_first() else { return Vec::new() };
    let mut search = Search { tree, start, source: source(start), user: None, found: Vec::new() };
    let lost = search.find_user();
    search.start(program, Part::Entrypoint);
    if let (Some(why), Some(first)) = (lost, search.found.first_mut()) {
        first.fault.get_or_insert(why);
    }
    let is_script = search.found.first().is_some_and(|first| first.script.is_some());
    let base = program.rsplit('/').next().unwrap_or(program);
    if let Some(command) = behind_options(arguments).filter(|_| ENDING_OPTIONS.contains(&base)) {
        search.start(command, Part::Command);
        return search.found;
    }
    match arguments {
        ["-c", command, ..] if SHELLS.contains(&base) => search.shell(command),
        [script, ..] if SHELLS.contains(&base) && script.contains('/') => search.script_of_shell(script),
        _ if is_script || INITS.contains(&base) => {
            let command = arguments.iter().find(|argument| search.would_start(argument));
            if let Some(command) = command {
                search.start(command, Part::Command);
            }
        }
        _ => {}
    }
    search.found
}

/// What follows options and `--`, and is the command for certain.
fn behind_options<'w>(arguments: &[&'w str]) -> Option<&'w str> {
    let mut rest = arguments.iter().skip_while(|word| word.starts_with('-') && **word != "--");
    rest.next().filter(|word| **word == "--").and_then(|_| rest.next()).copied()
}

/// The line of the configuration that names the program.
fn source(start: &Start) -> String {
    let listed = |words: &[String]| serde_json::to_string(words).unwrap_or_default();
    match (start.entrypoint.as_deref(), start.cmd.as_deref()) {
        (Some(words @ [_, ..]), _) => format!("`Entrypoint` of the image is {}", listed(words)),
        (_, Some(words)) => format!("`Cmd` of the image is {}, and it has no `Entrypoint`", listed(words)),
        _ => String::new(),
    }
}

/// What a path leads to.
enum There<'a> {
    Nothing,
    Circles,
    /// The path with links followed, and what is there.
    Found(String, Found<'a>),
}

struct Search<'a> {
    tree: &'a Tree,
    start: &'a Start,
    source: String,
    /// As whom it starts; root also where that cannot be told.
    user: Option<(String, Identity)>,
    found: Vec<Started>,
}

impl<'a> Search<'a> {
    /// Finds a program and what it takes to start it.
    fn start(&mut self, name: &str, part: Part) {
        let started = match self.executable(name) {
            Ok((path, file)) => match &file.content {
                Content::Script(line) => return self.script(path, line, part),
                // The shell takes what the kernel does not, and so does `execvp`.
                Content::Foreign(what) if part == Part::Command && **what == *TEXT => {
                    Started { path, part, script: Some(BY_SHELL.to_owned()), fault: None }
                }
                Content::Foreign(what) => {
                    let help = "build a program for Linux, or begin a script with `#!/bin/sh`";
                    let why = format!("it is {what}");
                    self.faulty(path, part, &why, Vec::new(), help)
                }
                Content::Elf(_) | Content::Settings(_) | Content::Other => {
                    Started { path, part, script: None, fault: None }
                }
            },
            Err(faulty) => Started { part, ..*faulty },
        };
        self.add(started);
    }

    fn add(&mut self, started: Started) {
        if !self.found.iter().any(|known| known.path == started.path) {
            self.found.push(started);
        }
    }

    fn script(&mut self, path: String, line: &[u8], part: Part) {
        let shebang = Shebang::parse(line);
        let evidence = vec![format!("its first line is `#!{}`", shown(line))];
        let interpreter = shebang.path();
        let fault = |search: &Self, why: String, help: &str| {
            search.faulty(path.clone(), part, &why, evidence.clone(), help).fault
        };
        let missing = match self.executable(&interpreter) {
            _ if interpreter.is_empty() => fault(self, "it names no interpreter".into(), "begin it with `#!/bin/sh`"),
            _ if self.is_endless(&interpreter) => {
                fault(self, "its interpreters are scripts themselves".into(), "name a program")
            }
            Err(lost) => {
                let why = lost.fault.map(|fault| fault.why.replacen("it is", "which is", 1)).unwrap_or_default();
                let help = if interpreter.ends_with('\r') {
                    "the line ends with a carriage return: save the script with Unix line endings"
                } else {
                    "install it in the image, or name one that is there"
                };
                let named = crate::report::escape(&shebang.interpreter).into_owned();
                let help =
                    if named.contains('/') { help } else { "name it by its whole path: `PATH` is not searched for it" };
                fault(self, format!("its interpreter is `{named}`, {why}"), help)
            }
            // Alpine's, for one; where `env` is a hard link nothing tells whose it is.
            Ok((path, _)) if shebang.splits() && path.ends_with("/busybox") => {
                let why = "it gives `env` the option `-S`, which that of busybox does not have";
                fault(self, why.into(), "install `coreutils` in the image, or name the interpreter by its path")
            }
            Ok(_) => match shebang.looked_up() {
                Some(name) if self.executable(&name).is_err() => {
                    let why =
                        format!("`env` does not find `{}` in the `PATH` of the image", crate::report::escape(&name));
                    fault(self, why, "install it in the image, or name one that is there")
                }
                _ => None,
            },
        };
        let runs = missing.is_none();
        let by = shebang.looked_up().filter(|_| runs).unwrap_or_else(|| interpreter.clone());
        self.add(Started { path, part, script: Some(by.clone()), fault: missing });
        if runs {
            self.start(&interpreter, Part::Interpreter);
            self.start(&by, Part::Interpreter);
        }
    }

    /// Whether an interpreter is a script, whose interpreter is one, and so on, longer than the kernel follows.
    fn is_endless(&self, name: &str) -> bool {
        let mut name = name.to_owned();
        for _ in 0..MOST_SCRIPTS {
            match self.executable(&name).map(|(_, file)| &file.content) {
                Ok(Content::Script(line)) => name = Shebang::parse(line).path(),
                _ => return false,
            }
        }
        true
    }

    /// The first command of `sh -c`, as far as that is plain to see; what is not, is the shell's own affair.
    fn shell(&mut self, command: &str) {
        let is_assignment = |word: &str| word.find('=').is_some_and(|at| at > 0 && word[..at].chars().all(is_name));
        let mut words = command.split_ascii_whitespace().skip_while(|word| *word == "exec" || is_assignment(word));
        let Some(word) = words.next() else { return };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._+-".contains(c);
        // Where more commands follow, the shell may go on without this one.
        let is_all = !command.replace("&&", "").contains(['|', ';', '&', '\n']);
        if word.chars().all(is_plain) && (self.would_start(word) || (is_all && word.contains('/'))) {
            self.start(word, Part::Command);
        }
    }

    /// A script that a shell is told to read, which needs no bit and no first line for that.
    fn script_of_shell(&mut self, name: &str) {
        let path = self.start.absolute(name);
        let started = match self.there(&path) {
            There::Found(path, Found::File(_)) => {
                Started { path, part: Part::Command, script: Some(BY_SHELL.to_owned()), fault: None }
            }
            There::Nothing => Started { part: Part::Command, ..self.not_started(path, ABSENT, Vec::new()) },
            There::Circles | There::Found(..) => return,
        };
        self.add(started);
    }

    /// Looks up as whom the image starts its program; gives why a runtime cannot.
    fn find_user(&mut self) -> Option<Fault> {
        let spec = self.start.user.clone().filter(|user| !user.is_empty())?;
        let (passwd, group) = (self.text("/etc/passwd")?, self.text("/etc/group")?);
        match user::identity(&spec, &passwd, &group) {
            Ok(identity) => {
                self.user = Some((spec, identity));
                None
            }
            Err(why) => Some(Fault {
                why,
                evidence: vec![format!("`User` of the image is `{}`", crate::report::escape(&spec))],
                help: "make the user in the image, copy `/etc/passwd` into it, or give a number: `USER 65532`"
                    .to_owned(),
            }),
        }
    }

    /// The text of a settings file, empty where there is none; `None` where nobody kept it.
    fn text(&self, path: &str) -> Option<String> {
        let file = match self.there(path) {
            There::Nothing => return Some(String::new()),
            There::Found(_, Found::File(file)) => file,
            There::Circles | There::Found(..) => return None,
        };
        let disk = std::fs::File::open(self.tree.content(file)?).ok()?;
        let mut bytes = Vec::new();
        disk.take(MOST_USERS).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Why the user of the image may not execute the file at a path without links, nor read it if it is a script.
    fn denied(&self, path: &str, file: &File) -> Option<String> {
        let (name, who) = self.user.as_ref()?;
        let name = crate::report::escape(name);
        let told = |access: &Access| {
            format!("its mode is {:04o}, and it belongs to {}:{}", access.mode, access.uid, access.gid)
        };
        let slashes = path.char_indices().filter(|&(_, c)| c == '/').map(|(at, _)| at);
        for directory in slashes.map(|at| &path[..at]) {
            if let Some(Found::Directory(access)) = self.tree.look(directory.trim_start_matches('/').as_bytes())
                && !access.allows(who, EXECUTE)
            {
                let shown = if directory.is_empty() { "/" } else { directory };
                return Some(format!("the user `{name}` may not enter its directory `{shown}`: {}", told(&access)));
            }
        }
        let wanted = if matches!(file.content, Content::Script(_)) { EXECUTE | READ } else { EXECUTE };
        let does = if wanted == EXECUTE { "execute" } else { "read and execute" };
        (!file.access.allows(who, wanted))
            .then(|| format!("the user `{name}` may not {does} it: {}", told(&file.access)))
    }

    fn would_start(&self, name: &str) -> bool {
        !name.starts_with('-') && self.executable(name).is_ok()
    }

    /// The file that `execve` gets for a name, and its path.
    fn executable(&self, name: &str) -> Result<(String, &'a File), Box<Started>> {
        if name.contains('/') {
            let path = self.start.absolute(name);
            return self.at(&path).map_err(|why| Box::new(self.not_started(path, &why, Vec::new())));
        }
        let path = self.path();
        let mut denied = None;
        for directory in path.split(':') {
            let candidate =
                self.start.absolute(&format!("{}/{name}", if directory.is_empty() { "." } else { directory }));
            match self.at(&candidate) {
                Ok(found) => return Ok(found),
                Err(why) if why != ABSENT => denied = denied.or(Some((candidate, why))),
                Err(_) => {}
            }
        }
        let evidence = vec![format!("`PATH` is {path}")];
        Err(Box::new(match denied {
            Some((candidate, why)) => self.not_started(candidate, &why, evidence),
            None => self.not_started(name.to_owned(), "it is in no directory of `PATH`", evidence),
        }))
    }

    /// The executable file at an absolute path, or why there is none.
    fn at(&self, path: &str) -> Result<(String, &'a File), String> {
        match self.there(path) {
            There::Nothing => Err(ABSENT.to_owned()),
            There::Circles => Err("its symbolic links run in circles".to_owned()),
            There::Found(_, Found::Directory(_)) => Err("it is a directory".to_owned()),
            There::Found(_, Found::Special | Found::Link(_)) => Err("it is no regular file".to_owned()),
            There::Found(_, Found::File(file)) if !file.access.is_executable() => {
                Err(format!("it is not executable (its mode is {:04o})", file.access.mode))
            }
            There::Found(path, Found::File(file)) => match self.denied(&path, file) {
                Some(why) => Err(why),
                None => Ok((path, file)),
            },
        }
    }

    fn there(&self, path: &str) -> There<'a> {
        match hosts::follow(self.tree, path) {
            Err(hosts::Lost::Absent) => There::Nothing,
            Err(hosts::Lost::Circles) => There::Circles,
            Ok(inside) => match self.tree.look(inside.as_os_str().as_encoded_bytes()) {
                Some(found) => There::Found(rooted(&inside), found),
                None => There::Nothing,
            },
        }
    }

    fn path(&self) -> &str {
        self.start.variable("PATH").unwrap_or(USUAL_PATH)
    }

    fn not_started(&self, path: String, why: &str, evidence: Vec<String>) -> Started {
        let help = if why.starts_with("it is not executable") {
            "copy it with `COPY --chmod=0755`, or `chmod +x` it before"
        } else if why.starts_with("the user") {
            "copy it with `COPY --chmod=0755` to a directory that everybody may enter, or give it to that user with `--chown`"
        } else {
            "compare `COPY` in the Dockerfile with `ENTRYPOINT`, or whatever else makes the image"
        };
        self.faulty(path, Part::Entrypoint, why, evidence, help)
    }

    fn faulty(&self, path: String, part: Part, why: &str, mut evidence: Vec<String>, help: &str) -> Started {
        evidence.push(self.source.clone());
        let fault = Fault { why: why.to_owned(), evidence, help: help.to_owned() };
        Started { path, part, script: None, fault: Some(fault) }
    }
}

/// Why most things do not start.
const ABSENT: &str = "it is not in the image";

/// Whether the shell takes it in the name of a variable.
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A path below the root as an absolute one.
fn rooted(inside: &std::path::Path) -> String {
    format!("/{}", PathBuf::from(inside).to_string_lossy())
}

#[cfg(test)]
mod tests;
