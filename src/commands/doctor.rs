//! `seaworthy doctor`: what this machine lacks for the policy, and how to get it.

use crate::Error;
use crate::blame::needs::{self, CargoBuild, Machine, Need};
use crate::cli::{Listing, Options};
use crate::exit;
use crate::plan::cargo::targets;
use crate::plan::environment::Environment;
use crate::report::{self, Styles, escape};
use crate::ui::Ui;

/// Looks for everything a build of the project here needs; what is missing makes the exit code
/// [`exit::ENVIRONMENT`].
///
/// # Errors
/// When the policy has errors, or there is no project here.
pub(super) fn run(ui: &Ui, options: &Options) -> Result<u8, Error> {
    let directory = super::current_directory()?;
    let policy = crate::policy::load(options.policy.as_deref(), &directory)?;
    let environment = Environment::capture();
    let has = |file: &str| directory.ancestors().any(|folder| folder.join(file).is_file());
    let (cargo, go) = (has("Cargo.toml"), has("go.mod") || has("go.work"));
    if !cargo && !go {
        let shown = report::path(&directory);
        return Err(Error::Environment(format!(
            "there is no `Cargo.toml` and no `go.mod` in `{shown}` or above it; run this inside a project"
        )));
    }
    let machine = Machine::look(environment.get("PATH").map(Into::into), None);
    let mut needs = Vec::new();
    if cargo && let Some((target, key, origin)) = targets::to_give(&policy) {
        let why = format!("{key}, {}", report::origin(&origin));
        let names_linker = crate::plan::cargo::names_linker(&target, &environment);
        let named = |tool| crate::plan::cargo::names_compiler(tool, &target, &environment);
        let (compiler, cxx_compiler) = (named("CC"), named("CXX"));
        let (c_crates, cxx_crates) = needs::c_and_cxx_crates(&target).unzip();
        let cxx_crates = cxx_crates.unwrap_or_default();
        let build = CargoBuild {
            target: &target,
            why: &why,
            toolchain: None,
            directory: &directory,
            names_linker,
            compiler: compiler.as_deref(),
            c_crates: c_crates.as_deref(),
            cxx_compiler: cxx_compiler.as_deref(),
            cxx_crates: &cxx_crates,
        };
        needs.extend(needs::of_cargo(&machine, build));
    }
    if go {
        needs.extend(needs::of_go(&machine, &policy));
    }
    let text = match options.listing()? {
        Listing::Json => report::json::to_text(&needs),
        Listing::Text => needs.iter().map(|need| line(need, &ui.styles_out())).collect(),
    };
    ui.out(&text)?;
    Ok(if needs.iter().all(|need| need.present) { exit::OK } else { exit::ENVIRONMENT })
}

fn line(need: &Need, styles: &Styles) -> String {
    let what = format!("{} ({})", escape(&need.what), escape(&need.why));
    let Styles { ok, error, label, .. } = styles;
    match &need.fix {
        None => format!("{ok}ok{ok:#}: {what}\n"),
        Some(fix) => format!("{error}missing{error:#}: {what}\n  {label}={label:#} help: {}\n", escape(fix)),
    }
}
