//! What an image starts, found as a runtime and then the kernel would: `PATH`, the working directory, the execute bit, `#!`.

mod shebang;

use std::path::PathBuf;

use serde::Serialize;

use super::manifest::Start;
use super::tree::{Content, File, Found, Tree};
use super::{Part, shown};
use crate::hosts;
use shebang::Shebang;

/// The `PATH` of a container whose image sets none.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Scripts run by scripts, before the kernel says `ELOOP`.
const MOST_SCRIPTS: usize = 5;
/// Programs that do nothing but start their arguments.
const INITS: &[&str] = &["tini", "tini-static", "dumb-init", "catatonit", "docker-init", "su-exec", "gosu", "env"];
/// Shells, which take a command behind `-c`.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "busybox"];

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
    let mut search = Search { tree, start, source: source(start), found: Vec::new() };
    search.start(program, Part::Entrypoint);
    let is_script = search.found.first().is_some_and(|first| first.script.is_some());
    let base = program.rsplit('/').next().unwrap_or(program);
    match arguments {
        ["-c", command, ..] if SHELLS.contains(&base) => search.shell(command),
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
    found: Vec<Started>,
}

impl<'a> Search<'a> {
    /// Finds a program and what it takes to start it.
    fn start(&mut self, name: &str, part: Part) {
        let started = match self.executable(name) {
            Ok((path, file)) => match &file.content {
                Content::Script(line) => return self.script(path, line, part),
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
        let interpreter = shebang.interpreter.clone();
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
                fault(self, format!("its interpreter is `{}`, {why}", crate::report::escape(&interpreter)), help)
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
                Ok(Content::Script(line)) => name = Shebang::parse(line).interpreter,
                _ => return false,
            }
        }
        true
    }

    /// The first command of `sh -c`, as far as that is plain to see; what is not, is the shell's own affair.
    fn shell(&mut self, command: &str) {
        let mut words = command.split_ascii_whitespace().skip_while(|&word| word == "exec");
        let Some(word) = words.next() else { return };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._+-".contains(c);
        if word.chars().all(is_plain) && (word.starts_with('/') || self.would_start(word)) {
            self.start(word, Part::Command);
        }
    }

    fn would_start(&self, name: &str) -> bool {
        !name.starts_with('-') && self.executable(name).is_ok()
    }

    /// The file that `execve` gets for a name, and its path.
    fn executable(&self, name: &str) -> Result<(String, &'a File), Box<Started>> {
        if name.contains('/') {
            let path = self.absolute(name);
            return self.at(&path).map_err(|why| Box::new(self.not_started(path, &why, Vec::new())));
        }
        let path = self.path();
        let mut denied = None;
        for directory in path.split(':') {
            let candidate = self.absolute(&format!("{}/{name}", if directory.is_empty() { "." } else { directory }));
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
            There::Found(_, Found::Directory) => Err("it is a directory".to_owned()),
            There::Found(_, Found::Special | Found::Link(_)) => Err("it is no regular file".to_owned()),
            There::Found(_, Found::File(file)) if file.mode & 0o111 == 0 => {
                Err(format!("it is not executable (its mode is {:04o})", file.mode))
            }
            There::Found(path, Found::File(file)) => Ok((path, file)),
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

    fn absolute(&self, name: &str) -> String {
        if name.starts_with('/') {
            return name.to_owned();
        }
        let directory = self.start.working_dir.as_deref().unwrap_or_default().trim_end_matches('/');
        let rooted = if directory.starts_with('/') { directory.to_owned() } else { format!("/{directory}") };
        format!("{}/{}", rooted.trim_end_matches('/'), name.trim_start_matches("./"))
    }

    fn path(&self) -> &str {
        let variables = self.start.env.iter().flatten();
        variables.rev().find_map(|variable| variable.strip_prefix("PATH=")).unwrap_or(USUAL_PATH)
    }

    fn not_started(&self, path: String, why: &str, evidence: Vec<String>) -> Started {
        let help = if why.starts_with("it is not executable") {
            "copy it with `COPY --chmod=0755`, or `chmod +x` it before"
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

/// A path below the root as an absolute one.
fn rooted(inside: &std::path::Path) -> String {
    format!("/{}", PathBuf::from(inside).to_string_lossy())
}

#[cfg(test)]
mod tests;
