//! Writes the platform signature of what a run has judged.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::cli::Options;
use crate::error::plain;
use crate::facts;
use crate::manifest::{self, FILE_NAME, Source, envelope, sign::SigningKey};
use crate::plan::Plan;
use crate::policy::Policy;
use crate::report::{self, Report};
use crate::ui::Ui;

use super::output;

/// The largest key file that is read, in bytes; real ones have about a hundred.
const LARGEST_KEY: u64 = 64 << 10;

/// A run and what it came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made<'a> {
    /// What was judged.
    pub(super) report: &'a Report,
    /// By which policy.
    pub(super) policy: &'a Policy,
    /// The build, when there was one.
    pub(super) plan: Option<&'a Plan>,
    /// Where.
    pub(super) directory: &'a Path,
}

/// A signature that is to be written: asked for before the build, so that a key that is none does not cost one.
#[derive(Debug)]
pub(super) struct Wanted {
    file: PathBuf,
    /// Nobody gave the file a name: it is told of.
    is_implied: bool,
    in_toto: bool,
    key: Option<SigningKey>,
}

impl Wanted {
    /// By options alone.
    ///
    /// # Errors
    /// When the key cannot be used.
    pub(super) fn by_options(options: &Options) -> Result<Option<Wanted>, Error> {
        let is_implied = options.in_toto || options.sign_key.is_some();
        (options.manifest.is_some() || is_implied).then(|| Wanted::to(options.manifest.clone(), options)).transpose()
    }

    /// By options or the environment.
    ///
    /// # Errors
    /// When the key cannot be used.
    pub(super) fn by_anything(options: &Options) -> Result<Option<Wanted>, Error> {
        match (Wanted::by_options(options)?, variable("SEAWORTHY_MANIFEST")) {
            (None, file @ Some(_)) => Wanted::to(file, options).map(Some),
            (wanted, _) => Ok(wanted),
        }
    }

    /// In any case.
    ///
    /// # Errors
    /// When the key cannot be used.
    pub(super) fn always(options: &Options) -> Result<Wanted, Error> {
        Wanted::to(named(options), options)
    }

    fn to(named: Option<PathBuf>, options: &Options) -> Result<Wanted, Error> {
        let is_implied = named.is_none();
        let file = named.unwrap_or_else(|| FILE_NAME.into());
        Ok(Wanted { file, is_implied, in_toto: options.in_toto, key: key(options)? })
    }
}

/// The signature that a command is about.
pub(super) fn file(options: &Options) -> PathBuf {
    named(options).unwrap_or_else(|| FILE_NAME.into())
}

fn named(options: &Options) -> Option<PathBuf> {
    options.manifest.clone().or_else(|| variable("SEAWORTHY_MANIFEST"))
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Whether the signature can name a file: asked before anything is judged of those that were named themselves.
///
/// # Errors
/// When it cannot.
pub(super) fn can_name(path: &Path, directory: &Path) -> Result<(), Error> {
    manifest::relative(path, directory).map(drop).map_err(Error::Environment)
}

/// Writes the signature, unless something was rejected: then there is nothing to vouch for.
///
/// # Errors
/// When a file cannot be read, or the signature not be written.
pub(super) fn write(ui: &Ui, wanted: &Wanted, made: Made<'_>) -> Result<(), Error> {
    let name = report::path(&wanted.file);
    let why_not = match made.report {
        report if report.is_violated() => Some("the policy is violated"),
        report if report.artifacts.is_empty() => Some("nothing was built that runs"),
        _ => None,
    };
    if let Some(why) = why_not {
        ui.note(&format!("the platform signature `{name}` was not written: {why}"));
        return Ok(());
    }
    output::refuse_to_replace(made.report, &wanted.file)?;
    let unreadable = |path: &Path, why: facts::Unreadable| {
        Error::Environment(format!("cannot read `{}`: {}", report::path(path), plain(why)))
    };
    let paths = made.report.artifacts.iter().map(|result| result.artifact.path.as_path());
    let digests: Vec<_> =
        paths.map(|path| facts::digest(path).map_err(|why| unreadable(path, why))).collect::<Result<_, _>>()?;
    let Made { report, policy, plan, directory } = made;
    let source = Source { report, policy, plan, directory, digests: &digests };
    let failed = |why| Error::Environment(format!("the platform signature `{name}` was not written: {why}"));
    let manifest = manifest::build(&source).map_err(failed)?;
    let text = envelope::write(&manifest, wanted.in_toto, wanted.key.as_ref());
    let failed = |source| Error::Io { action: "write", path: wanted.file.clone(), source };
    output::write_whole(&wanted.file, text.as_bytes()).map_err(failed)?;
    if wanted.is_implied {
        ui.note(&format!("the platform signature is `{name}`"));
    }
    Ok(())
}

/// The key that signs, if one is named.
fn key(options: &Options) -> Result<Option<SigningKey>, Error> {
    let Some(path) = options.sign_key.clone().or_else(|| variable("SEAWORTHY_SIGN_KEY")) else { return Ok(None) };
    let text = super::small_file(&path, "the signing key", LARGEST_KEY)?;
    let unusable = |why| Error::Environment(format!("cannot sign with `{}`: {why}", report::path(&path)));
    SigningKey::from_pem(&String::from_utf8_lossy(&text)).map(Some).map_err(unusable)
}
