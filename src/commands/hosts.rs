//! `seaworthy hosts [NAME]`: the catalogue of places where binaries run, and the project's own.

use crate::Error;
use crate::cli::{Listing, Options};
use crate::facts::libc::LibcFamily;
use crate::hosts::{self, Host, HostError, System};
use crate::policy::Policy;
use crate::report::table::{self, Cell};
use crate::report::{self, Detail, Styles, outline};
use crate::ui::Ui;

use super::output;

/// Prints one host: its libc, loaders, libraries, kernel, and where that is known from.
///
/// # Errors
/// When there is no host of that name; close ones are named.
pub(super) fn show(ui: &Ui, options: &Options, name: &str, arch: &str) -> Result<u8, Error> {
    let policy = policy(options)?;
    let host = hosts::resolve(name, architecture(arch)?, &policy.hosts).map_err(|why| match why {
        HostError::Unknown { .. } => Error::Usage(why.to_string()),
        HostError::Unusable { .. } => Error::Environment(why.to_string()),
    })?;
    let value = serde_json::to_value(&host).unwrap_or_default();
    let text = match options.listing()? {
        Listing::Json => report::json::to_text(&value),
        Listing::Text => outline::render(&value, 0, ui.detail() == Detail::Verbose, &ui.styles_out()),
    };
    output::print(ui, &text)
}

/// Prints every host, the project's own first.
///
/// # Errors
/// When the policy has errors.
pub(super) fn list(ui: &Ui, options: &Options, arch: &str) -> Result<u8, Error> {
    let (arch, policy) = (architecture(arch)?, policy(options)?);
    let own = policy.hosts.keys().map(String::as_str);
    let names: Vec<&str> = own.chain(hosts::known_names()).collect();
    let found: Vec<_> = names.iter().map(|name| (*name, hosts::resolve(name, arch, &policy.hosts).ok())).collect();
    let text = match options.listing()? {
        Listing::Json => report::json::to_text(&found.iter().filter_map(|(_, host)| host.as_ref()).collect::<Vec<_>>()),
        Listing::Text => {
            let styles = ui.styles_out();
            let rows: Vec<_> = found.iter().map(|(name, host)| row(name, host.as_ref(), &styles)).collect();
            table::render(&rows)
        }
    };
    output::print(ui, &text)
}

/// An architecture as facts name it, from the names of Go and of packages too.
fn architecture(name: &str) -> Result<&str, Error> {
    let known = match name {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        "x86" | "386" | "i686" => "i386",
        other => other,
    };
    if hosts::is_architecture(known) || known == std::env::consts::ARCH {
        return Ok(known);
    }
    let name = report::escape(name);
    Err(Error::Usage(format!(
        "no host is of the architecture `{name}`; they are called `x86_64`, `aarch64`, `i386`, `riscv64`"
    )))
}

fn policy(options: &Options) -> Result<Policy, Error> {
    crate::policy::load(options.policy.as_deref(), &super::current_directory()?)
}

/// Name, what programs find there, kernel, end of support.
fn row(name: &str, host: Option<&Host>, styles: &Styles) -> Vec<Cell> {
    let name = (report::escape(name).into_owned(), styles.strong);
    let Some(host) = host else { return vec![name] };
    let provides = match (host.system, host.libc) {
        (System::Windows(version), _) => format!("Windows {version}"),
        (System::MacOs(version), _) => format!("macOS {version}"),
        (System::Linux, Some(libc)) => format!("{} {}", family(libc.family), libc.version),
        (System::Linux, None) => "static programs only".into(),
    };
    let kernel = host.kernel.map(|kernel| format!("linux {kernel}")).unwrap_or_default();
    let support = match host.eol {
        "" | "-" => String::new(),
        day => format!("until {day}"),
    };
    let unverified = if host.is_unverified() { "unverified" } else { "" };
    vec![name, table::plain(provides), table::plain(kernel), table::plain(support), table::plain(unverified)]
}

fn family(family: LibcFamily) -> &'static str {
    match family {
        LibcFamily::Glibc => "glibc",
        LibcFamily::Musl => "musl",
        LibcFamily::Uclibc => "uClibc",
        _ => "libc",
    }
}
