//! `seaworthy check PATH…`: judges files that exist already.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::check::{self, ArtifactResult, Inspected, Uses, conclude};
use crate::cli::{Format, MatrixForm, Options};
use crate::facts::{Facts, Unreadable, unpack};
use crate::report::telling::{Telling, Told};
use crate::report::{self, Detail, Report, Styles, Tally};
use crate::run::{Artifact, Provenance, Role};
use crate::ui::Ui;

use super::inspect::{self, Reading};
use super::judge::{self, Judge};
use super::manifest::{self, Made, Wanted};
use super::output::Teller;
use super::walk::{Candidate, Found};
use super::{images, output, walk};

/// Bytes that there are to say of one file, mostly, in the text about all.
const USUAL_TEXT: usize = 512;
/// Bytes that room is made for at once; where fewer are used the others cost nothing.
const MOST_ROOM: usize = 16 << 20;

/// What is shown, and how strictly it is judged.
#[derive(Debug, Clone, Default)]
pub(super) struct How {
    /// The table of artifacts and hosts, in this form.
    pub(super) matrix: Option<MatrixForm>,
    /// Hosts in the place of those of the policy, where any are named.
    pub(super) runs_on: Vec<String>,
    /// Nothing is expected of the program that loads a shared object.
    pub(super) strict_symbols: bool,
    /// A platform signature is wanted, whether it was named or not.
    pub(super) signs: bool,
    /// The machine code is read too.
    pub(super) scan_instructions: bool,
}

/// Judges every binary under `paths`; what is no binary is left out unless it was named.
///
/// # Errors
/// When the policy, or standard input, cannot be read, or a report cannot be written.
pub(super) fn run(ui: &Ui, options: &Options, paths: &[PathBuf], how: &How) -> Result<u8, Error> {
    let directory = super::current_directory()?;
    let mut policy = crate::policy::load(options.policy.as_deref(), &directory)?;
    if !how.runs_on.is_empty() {
        policy = policy.for_hosts(&how.runs_on).map_err(Error::Usage)?;
    }
    let signature = if how.signs { Some(Wanted::always(options)?) } else { Wanted::by_options(options)? };
    let mut found = walk::find(paths, &ui.searching(options.format()))?;
    if signature.is_some() {
        can_be_signed(&found, &directory)?;
    }
    let provenance = Provenance::default();
    let progress = ui.progress(found.files.len(), options.format());
    let keeps_names = output::tells_names(ui, options, signature.is_some());
    let reading = Reading {
        policy: &policy,
        directory: &directory,
        symbol_names: inspect::symbol_names(keeps_names, &policy, &provenance),
        tells_makers: keeps_names,
        scan_instructions: how.scan_instructions,
        progress: &progress,
    };
    let judge = Judge::new(&policy, &directory, &provenance, how.strict_symbols);
    let tells_passes = keeps_names || ui.detail() == Detail::Verbose;
    let judge = if tells_passes { judge } else { judge.without_passes() };
    let files = std::mem::take(&mut found.files);
    let keeps = Keeps::for_whoever_reads(ui, options, how, keeps_names);
    let mut looked = Looked::at(files, &reading, &judge, &keeps);
    let today = judge.today;
    judge.finish()?;
    found.problems.append(&mut looked.problems);
    let nothing = looked.is_nothing() && found.images.is_empty() && found.problems.is_empty();
    let images = images::judge(&policy, &directory, &found.images)?;
    found.problems.extend(images.problems);
    looked.uses.merge(images.uses);
    looked.artifacts.extend(images.artifacts);
    let mut general = images.general;
    general.extend(conclude(&policy, &provenance, &looked.uses, today));
    let mut notes = notes(looked.ignored, &looked.packages, found.links_outside);
    notes.extend(looked.limits);
    notes.extend(images.notes);
    let report = Report { told: looked.told, artifacts: looked.artifacts, general, notes, problems: found.problems };
    let text = match &keeps {
        Keeps::Text(teller) => teller.finish(looked.telling, &report),
        Keeps::All | Keeps::Verdicts => whole(ui, options, how, &report, &directory)?,
    };
    tell(ui, options, &text, &report, &directory)?;
    if let Some(wanted) = signature.filter(|_| !nothing && report.problems.is_empty()) {
        manifest::write(ui, &wanted, Made { report: &report, policy: &policy, plan: None, directory: &directory })?;
    }
    // A guard that has looked at nothing must not look like a pass.
    if nothing {
        return Err(nothing_checked(paths, found.directories));
    }
    let code = check::exit_code(&report);
    // The process ends: to take the facts of a whole tree apart would be a good part of all the work.
    std::mem::forget(report);
    Ok(code)
}

/// What to name instead of what holds no binary.
fn nothing_checked(paths: &[PathBuf], directories: usize) -> Error {
    let next = "name the directory that the build writes to";
    let why = match (directories, paths) {
        (0, _) => "the list of files is empty; name files in it, separated by newlines or NUL".to_owned(),
        (_, [path]) if path.as_os_str() != "-" => {
            format!("no linked binary was found in `{}`; {next}", report::path(path))
        }
        (many, _) => format!("no linked binary was found in any of {many} directories; {next}"),
    };
    Error::Environment(format!("nothing was checked: {why}"))
}

/// Refuses what no platform signature can be about, as far as that shows before anything is read.
fn can_be_signed(found: &Found, directory: &Path) -> Result<(), Error> {
    if let Some(image) = found.images.first() {
        let why = "is an image, and a platform signature is about files; write it before they are packed, or unpack it";
        return Err(Error::Usage(format!("`{}` {why}", report::path(image))));
    }
    // Of what lies in a directory nobody knows yet whether it is a binary.
    found.files.iter().filter(|file| file.named).try_for_each(|file| manifest::can_name(&file.path, directory))
}

/// What became of all files.
#[derive(Default)]
struct Looked {
    /// What people are told of the artifacts that are not kept.
    telling: Telling,
    /// What those came to.
    told: Tally,
    artifacts: Vec<ArtifactResult>,
    uses: Uses,
    /// What no file could answer, if any was asked.
    limits: Option<String>,
    /// Files that nobody named, and that are no binaries.
    ignored: usize,
    /// Those of them that hold others.
    packages: Vec<PathBuf>,
    /// Files that could not be looked at.
    problems: Vec<String>,
}

/// What became of one file.
enum Look {
    Judged(Box<Judged>),
    Ignored,
    Package(PathBuf),
    Problem(String),
}

/// One artifact that was judged.
struct Judged {
    kept: Kept,
    uses: Uses,
    limits: Option<String>,
}

/// What is kept of it until the end.
enum Kept {
    Result(Box<ArtifactResult>),
    Told(Told, Tally),
}

/// What is kept of every artifact: as little as whoever is told of it needs.
enum Keeps {
    /// Everything, for programs.
    All,
    /// No facts, for a table.
    Verdicts,
    /// What people are told, as soon as it can be said.
    Text(Box<Teller>),
}

impl Keeps {
    fn for_whoever_reads(ui: &Ui, options: &Options, how: &How, keeps_names: bool) -> Self {
        match how.matrix {
            _ if keeps_names => Keeps::All,
            Some(_) => Keeps::Verdicts,
            None => Keeps::Text(Box::new(Teller::new(options.format(), &ui.styles_out(), ui.detail()))),
        }
    }

    fn of(&self, mut result: ArtifactResult) -> Kept {
        match self {
            Keeps::All => {
                result.passed.shrink_to_fit();
                result.not_applicable.shrink_to_fit();
                Kept::Result(Box::new(result))
            }
            Keeps::Verdicts => {
                result.facts = None;
                Kept::Result(Box::new(result))
            }
            Keeps::Text(teller) => {
                let tally = Tally::of(&result);
                let findings = std::mem::take(&mut result.findings);
                Kept::Told(teller.artifact(&result, findings), tally)
            }
        }
    }
}

impl Looked {
    /// Reads and judges each file at once: of thousands, not all the facts are kept.
    fn at(files: Vec<Candidate>, reading: &Reading<'_>, judge: &Judge<'_>, keeps: &Keeps) -> Looked {
        let one = |read: Inspected, named: bool| match &read.facts {
            Err(Unreadable::NotLinked(what)) if !named && is_package(&read.artifact.path, what) => {
                Look::Package(read.artifact.path)
            }
            Err(Unreadable::NotLinked(_)) if !named => Look::Ignored,
            // A module for WebAssembly is a program of no system, as little as a Java class.
            Err(Unreadable::Unsupported(what)) if !named && what == "WebAssembly" => Look::Ignored,
            Err(why @ (Unreadable::Io(_) | Unreadable::NotAFile(_))) => {
                Look::Problem(super::unreadable(&read.artifact.path, why))
            }
            _ => {
                let (result, uses) = judged(read, reading, judge);
                let limits = judge::limits(std::slice::from_ref(&result), reading.policy);
                Look::Judged(Box::new(Judged { kept: keeps.of(result), uses, limits }))
            }
        };
        let telling = match keeps {
            Keeps::Text(teller) => teller.telling((files.len() * USUAL_TEXT).min(MOST_ROOM)),
            Keeps::All | Keeps::Verdicts => Telling::default(),
        };
        let mut looked = Looked { telling, ..Looked::default() };
        let files = files.into_iter().map(|file| (artifact(file.path), file.named)).collect();
        let take = |look| match look {
            Look::Judged(judged) => looked.add(*judged),
            Look::Ignored => looked.ignored += 1,
            Look::Package(path) => looked.packages.push(path),
            Look::Problem(problem) => looked.problems.push(problem),
        };
        reading.each(files, one, take);
        looked
    }

    fn add(&mut self, judged: Judged) {
        self.uses.merge(judged.uses);
        self.limits = self.limits.take().or(judged.limits);
        match judged.kept {
            Kept::Result(result) => self.artifacts.push(*result),
            Kept::Told(told, tally) => {
                self.telling.add(told);
                self.told += tally;
            }
        }
    }

    /// Whether no file was judged.
    fn is_nothing(&self) -> bool {
        self.artifacts.is_empty() && self.told.artifacts() == 0
    }
}

/// Judges a file. What to do about a finding is said in the words of the tool that made the file, and to find that out may take a search
/// of all its data: what has no finding is spared that.
fn judged(read: Inspected, reading: &Reading<'_>, judge: &Judge<'_>) -> (ArtifactResult, Uses) {
    let (mut result, uses) = judge.judge(read);
    let says_something = !result.findings.is_empty() || !result.excepted.is_empty();
    let wants_maker = says_something && !reading.tells_makers;
    match result.facts.take_if(|file| wants_maker && !file.slices.iter().all(Facts::tells_maker)) {
        None => (result, uses),
        Some(mut facts) => {
            inspect::add_makers(&mut facts, &result.artifact.path);
            judge.judge(Inspected { artifact: result.artifact, facts: Ok(facts), image: None })
        }
    }
}

/// A report on what was kept whole.
fn whole(ui: &Ui, options: &Options, how: &How, report: &Report, directory: &Path) -> Result<String, Error> {
    let (format, styles) = (options.format(), ui.styles_out());
    match how.matrix {
        Some(form) if matches!(format, Format::Text | Format::Short) => matrix(report, form, &styles, ui.width_out()),
        _ => Ok(output::render(report, format, &styles, ui.detail(), directory)),
    }
}

/// Reports wherever somebody wants to hear of it; `text` is for standard output.
fn tell(ui: &Ui, options: &Options, text: &str, report: &Report, directory: &Path) -> Result<(), Error> {
    ui.out(text)?;
    for problem in &report.problems {
        ui.error(&Error::Environment(problem.clone()));
    }
    output::tell_github(ui, report, options.format());
    output::write_files(report, options, directory)
}

/// The table of artifacts and hosts.
fn matrix(report: &Report, form: MatrixForm, styles: &Styles, width: Option<usize>) -> Result<String, Error> {
    if !report.artifacts.is_empty() && report.artifacts.iter().all(|artifact| artifact.hosts.is_empty()) {
        let why = "the policy names no host to compare with; set `runs-on`, see `seaworthy hosts` for the names";
        return Err(Error::Environment(why.into()));
    }
    Ok(match form {
        MatrixForm::Text => report::matrix::text(report, styles, width),
        MatrixForm::Markdown => report::matrix::markdown(report),
    })
}

fn artifact(path: PathBuf) -> Artifact {
    Artifact { path, role: Role::Unknown, package: None, target: None }
}

/// Whether a file that nobody named, and which is `what`, may hold programs that are shipped.
fn is_package(path: &Path, what: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // What is packed alone, as manual pages are, is no package, and the magic of tar and of disk images stands further behind than is
    // looked.
    let ends = [".tar", ".tgz", ".txz", ".tbz2", ".crate", ".iso", ".dmg"];
    let is_by_name = name.contains(".tar.") || ends.iter().any(|end| name.ends_with(end));
    is_by_name || (unpack(what).is_some() && !what.ends_with(" data"))
}

fn notes(ignored: usize, packages: &[PathBuf], links_outside: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((first, more)) = packages.split_first() {
        let first = report::path(first);
        notes.push(match more.len() {
            0 => format!("`{first}` is a package: what is in it was not judged; unpack it and check that"),
            more => format!(
                "`{first}` and {more} more are packages: what is in them was not judged; unpack them and check that"
            ),
        });
    }
    if ignored > 0 {
        let files = if ignored == 1 { "file that is no linked binary" } else { "files that are no linked binaries" };
        notes.push(format!("{ignored} {files} left out"));
    }
    if links_outside > 0 {
        let links = if links_outside == 1 { "link to a directory" } else { "links to directories" };
        notes.push(format!("{links_outside} symbolic {links} outside not followed"));
    }
    notes
}
