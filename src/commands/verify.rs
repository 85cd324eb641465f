//! `seaworthy verify`: compares a platform signature with the machine that is to run what it is about.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::{Format, Options, Verify};
use crate::facts::{Details, Kind, Linkage};
use crate::hosts::load::{Files, Loads};
use crate::hosts::{self, Disk, Host};
use crate::manifest::envelope::{self, Opened};
use crate::manifest::sign::VerifyingKey;
use crate::manifest::{Artifact, Manifest, Slice};
use crate::policy::{OwnHost, Setting};
use crate::report;
use crate::report::verification::{self, Form};
use crate::ui::Ui;
use crate::verify::{self, Check, Checked, Line, Loaded, Located, Machine, Verdict, Verification};
use crate::{Error, exit};

use super::{inspect, manifest, output, small_file};

/// The largest files that are read, in bytes: a signature of a large C++ program has about one MiB.
const LARGEST: u64 = 64 << 20;
const LARGEST_KEY: u64 = 64 << 10;

/// Prints this machine as `verify --machine` reads it.
///
/// # Errors
/// When standard output cannot take it.
pub(super) fn machine(ui: &Ui) -> Result<u8, Error> {
    output::print(ui, &report::json::to_text(&verify::this_machine(Path::new("/"))))
}

/// Compares, and says everything that is needed and what is there.
///
/// # Errors
/// When signature, key or description cannot be read, or an option makes no sense.
pub(super) fn run(ui: &Ui, options: &Options, asked: &Verify) -> Result<u8, Error> {
    let form = match options.format() {
        Format::Json => Form::Json,
        Format::Short => Form::Short,
        Format::Text => Form::Text,
        other => return Err(Options::of_reports(other, "`text`, `short` or `json`")),
    };
    let file = manifest::file(options);
    let policy = asked.expect_policy.as_deref().map(digest).transpose()?;
    let key = asked.key.as_deref().map(key).transpose()?;
    let unusable = |why: String| Error::Environment(format!("the platform signature `{}`: {why}", report::path(&file)));
    let bytes = small_file(&file, "the platform signature", LARGEST).map_err(|error| match file.exists() {
        true => error,
        false => Error::Environment(format!(
            "{error}; `seaworthy manifest PATH…` writes one, `--manifest FILE` names another"
        )),
    })?;
    let opened = envelope::open(&bytes);
    let opened = opened.map_err(|why| unusable(why.to_string()))?;
    let mut verification = Verification {
        general: Vec::new(),
        artifacts: Vec::new(),
        machine: described(asked)?,
        notes: notes(&opened, key.as_ref()),
    };
    if let Some(key) = &key {
        verification.general.push(signature(&opened, key));
    }
    // What the wrong hand signed is not looked at any further.
    if verification.is_accepted() {
        let manifest = opened.manifest().map_err(|why| unusable(why.to_string()))?;
        verification.general.extend(policy.map(|wanted| {
            let has = &manifest.policy.sha256;
            Line::of(Check::Policy, wanted.clone(), if *has == wanted { "the same" } else { has }, *has == wanted)
        }));
        let job = Job { asked, manifest: &manifest, machine: &verification.machine };
        verification.artifacts = job.artifacts(&file)?;
        let is_described = asked.machine.is_some() && asked.root.is_none();
        let is_open = || verification.lines().any(|line| line.verdict == Verdict::Unknown && line.check.is_of_files());
        if is_described && is_open() {
            verification.notes.push(verify::NEXT.to_owned());
        }
    }
    ui.out(&verification::render(&verification, form, &ui.styles_out(), ui.detail()))?;
    Ok(if verification.is_accepted() { exit::OK } else { exit::VIOLATED })
}

fn digest(text: &str) -> Result<String, Error> {
    let hex = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(hex);
    }
    let next = "`sha256sum seaworthy.toml` prints it";
    Err(Error::Usage(format!("`--expect-policy {}` is no SHA-256 in hex; {next}", report::escape(text))))
}

fn key(path: &Path) -> Result<VerifyingKey, Error> {
    let pem = small_file(path, "the public key", LARGEST_KEY)?;
    let unusable = |why| Error::Environment(format!("cannot verify with `{}`: {why}", report::path(path)));
    VerifyingKey::from_pem(&String::from_utf8_lossy(&pem)).map_err(unusable)
}

fn described(asked: &Verify) -> Result<Machine, Error> {
    if let Some(root) = asked.root.as_ref().filter(|root| !root.is_dir()) {
        let name = report::path(root);
        return Err(Error::Environment(format!(
            "`{name}` is no directory; unpack the image there, and name it with --root"
        )));
    }
    let Some(file) = &asked.machine else {
        return Ok(verify::this_machine(asked.root.as_deref().unwrap_or(Path::new("/"))));
    };
    let bytes = small_file(file, "the machine", LARGEST)?;
    Machine::parse(&bytes).map_err(|why| Error::Environment(format!("`{}`: {why}", report::path(file))))
}

fn signature(opened: &Opened, key: &VerifyingKey) -> Line {
    let needed = format!("one by the key {}…", key.id().get(..16).unwrap_or_default());
    let found = match (opened.is_signed_by(key), opened.is_signed()) {
        (true, _) => "one by that key",
        (false, true) => "none by that key: another key signed, or the content was changed since",
        (false, false) => "none at all",
    };
    Line::of(Check::Signature, needed, found, opened.is_signed_by(key))
}

fn notes(opened: &Opened, key: Option<&VerifyingKey>) -> Vec<String> {
    let unchecked = opened.is_signed() && key.is_none();
    let note = "it is signed, and nobody checked by whom: name the public key with --key";
    unchecked.then(|| note.to_owned()).into_iter().collect()
}

/// The directory of a file as a path that can be opened.
fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Where the files of this system begin.
fn default_root() -> PathBuf {
    let drive = std::env::var_os("SystemDrive").filter(|_| cfg!(windows));
    drive.map_or_else(
        || PathBuf::from("/"),
        |mut drive| {
            drive.push("\\");
            PathBuf::from(drive)
        },
    )
}

/// A signature that is believed, and what it is compared with.
struct Job<'a> {
    asked: &'a Verify,
    manifest: &'a Manifest,
    machine: &'a Machine,
}

impl Job<'_> {
    fn artifacts(&self, file: &Path) -> Result<Vec<Checked>, Error> {
        let default = [directory_of(file).to_path_buf()];
        let paths = if self.asked.paths.is_empty() { &default[..] } else { &self.asked.paths };
        if let Some(missing) = paths.iter().find(|path| !path.exists()) {
            return Err(Error::Environment(format!("there is no `{}`", report::path(missing))));
        }
        verify::locate(self.manifest, paths).iter().map(|located| self.artifact(located)).collect()
    }

    fn artifact(&self, located: &Located<'_>) -> Result<Checked, Error> {
        let mut lines = vec![located.line()];
        let shown = located.path.strip_prefix(".").unwrap_or(&located.path);
        let checked = |lines| Checked { path: report::path(shown).into_owned(), lines };
        // Of another file nothing more can be said.
        let (Some(artifact), true) = (located.artifact, lines.iter().all(Line::is_accepted)) else {
            return Ok(checked(lines));
        };
        let facts = crate::facts::read_file(&located.path, inspect::WANTED);
        lines.extend(facts.as_ref().ok().and_then(|facts| verify::contents(artifact, &self.manifest.tool, facts)));
        let (slice, platform) = verify::fitting(artifact, self.machine);
        lines.push(platform);
        let Some(slice) = slice else { return Ok(checked(lines)) };
        lines.extend(verify::needs(slice, self.machine));
        lines.extend(self.mount(&located.path));
        if let Ok(file) = &facts
            && let Some(facts) = file.slices.iter().find(|facts| facts.arch == slice.arch)
            && (slice.linkage == Linkage::Dynamic || slice.kind == Kind::SharedObject)
        {
            let directory = directory_of(&located.path);
            let root = self.root();
            match &facts.details {
                Details::Elf(_) => lines.extend(self.loading(artifact, slice, facts, &located.path)?),
                Details::Pe(pe) => lines.extend(verify::dlls(slice, &pe.imports, directory, root.as_deref())),
                Details::MachO(macho) => {
                    lines.extend(verify::arm64e(facts, &file.slices, self.machine));
                    lines.extend(verify::dylibs(macho, directory, root.as_deref()));
                }
            }
        }
        Ok(checked(lines))
    }

    /// Where the files of the machine begin; of one that is described they are known with `--root` only.
    fn root(&self) -> Option<PathBuf> {
        self.asked.root.clone().or_else(|| self.asked.machine.is_none().then(default_root))
    }

    /// Of an unpacked image, or another machine, nothing is known about how it will be mounted, and nothing is asked.
    fn mount(&self, path: &Path) -> Option<Line> {
        let is_here = self.asked.root.is_none() && self.asked.machine.is_none();
        let noexec = is_here.then(|| verify::is_noexec(directory_of(path))).flatten()?;
        let found = if noexec { "it is mounted noexec" } else { "it may" };
        Some(Line::of(Check::Mount, "a file system that programs may run from", found, !noexec))
    }
}

/// What messages call the place whose files are looked at.
const HERE: &str = "this machine";
const DESCRIBED: &str = "the described machine";

impl Job<'_> {
    /// What the loader would say; nothing is run, its files are read.
    fn loading(
        &self,
        artifact: &Artifact,
        slice: &Slice,
        facts: &crate::facts::Facts,
        path: &Path,
    ) -> Result<Vec<Line>, Error> {
        let directory = self.root();
        let host = match &directory {
            Some(directory) => of_files(directory, slice)?,
            None => match verify::described(DESCRIBED, slice, self.machine) {
                Ok(host) => host,
                Err(lines) => return Ok(lines),
            },
        };
        let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let inside = self.asked.root.as_ref().and_then(|root| root.canonicalize().ok());
        let inside = inside.and_then(|root| Some(Path::new("/").join(real.strip_prefix(root).ok()?)));
        // What lies in the image is found there; what lies beside it comes along as it is.
        let beside = Disk::default();
        let root = host.root.clone().filter(|_| inside.is_some());
        let shipped: &dyn Files = root.as_deref().map_or(&beside, |root| root);
        let name = inside.unwrap_or(real).to_string_lossy().into_owned();
        let hosts = [host];
        let loads = Loads::new(facts, &name, &hosts, shipped).with_symbols(false, &artifact.provided);
        let Some((host, load)) = loads.get().next() else { return Ok(Vec::new()) };
        let mut load = load.clone();
        for object in &mut load.objects {
            let inside = directory.as_ref().and_then(|directory| Path::new(&object).strip_prefix(directory).ok());
            if let Some(inside) = inside {
                *object = Path::new("/").join(inside).to_string_lossy().into_owned();
            }
        }
        Ok(verify::loading(slice, &Loaded { load, libc: host.libc }))
    }
}

/// The place whose files lie below a directory, with the C library of the slice's loader.
fn of_files(directory: &Path, slice: &Slice) -> Result<Host, Error> {
    let own = OwnHost { rootfs: Some(directory.to_path_buf()), ..OwnHost::default() };
    let mut host = hosts::resolve(HERE, &slice.arch, &BTreeMap::from([(HERE.to_owned(), Setting::default(own))]))
        .map_err(|why| Error::Environment(why.to_string()))?;
    if let (Some(root), Some(loader)) = (&host.root, &slice.loader) {
        host.libc = root.libc(loader);
    }
    Ok(host)
}
