//! Which files have symbols that a rule looks at: of most, their names are most of the work, and tell nobody anything.

use super::libraries::{is_musl, is_musl_loader};
use crate::facts::SymbolNames;
use crate::facts::elf::Asks;
use crate::policy::Policy;
use crate::run::Provenance;

/// The files of a run whose symbols rules look at: all of them where hosts, a floor of glibc or the last release are compared
/// with; otherwise those that could have glibc where it must not be, or what glibc keeps for itself. See [`symbols_for`] for files
/// whose target is known.
pub fn symbol_names(policy: &Policy, provenance: &Provenance) -> SymbolNames {
    let asks_hosts = !policy.runs_on.is_empty() || policy.artifacts.iter().any(|entry| entry.runs_on.is_some());
    let has_floor = policy.linux.glibc.is_some() || !provenance.expectations.glibc.is_empty();
    match asks_hosts || has_floor || policy.baseline.is_some() {
        true => SymbolNames::Always,
        false => SymbolNames::Where(are_looked_at),
    }
}

/// As `of_run` says, for a file that was built for `target`: what is built for musl is looked at whatever its bytes say.
pub fn symbols_for(target: Option<&str>, of_run: SymbolNames) -> SymbolNames {
    if target.is_some_and(|target| target.contains("musl")) { SymbolNames::Always } else { of_run }
}

/// Whether `stray-glibc` or `private-glibc-symbol` look at the symbols of a file that asks for this.
fn are_looked_at(asks: &Asks<'_>) -> bool {
    asks.interpreter.is_some_and(is_musl_loader)
        || asks.needed.iter().any(|name| is_musl(name))
        || asks.version_needs.iter().any(|need| need.version == "GLIBC_PRIVATE")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::elf::VersionNeed;

    fn wants_all(policy: &str) -> bool {
        let policy = crate::policy::parse_str(policy, std::path::Path::new("seaworthy.toml")).unwrap();
        matches!(symbol_names(&policy, &Provenance::default()), SymbolNames::Always)
    }

    #[test]
    fn hosts_and_floors_need_every_symbol() {
        assert!(!wants_all("linkage = \"static\""));
        assert!(wants_all("runs-on = [\"debian:12\"]"));
        assert!(wants_all("[[artifact]]\npath = \"dist/*\"\nruns-on = [\"debian:12\"]"));
        assert!(wants_all("[linux]\nglibc = \"2.17\""));
        let mut provenance = Provenance::default();
        provenance.expectations.glibc.insert("x86_64-unknown-linux-gnu".into(), "2.17".into());
        assert!(matches!(symbol_names(&Policy::default_policy(), &provenance), SymbolNames::Always));
    }

    #[test]
    fn musl_and_private_versions_need_the_symbols_of_their_files() {
        let looked = |interpreter, needed: &[&str], version: &str| {
            let needed: Vec<String> = needed.iter().map(|&name| name.to_owned()).collect();
            let need = VersionNeed {
                file: "libc.so.6".into(),
                version: version.into(),
                weak: false,
                symbols: Default::default(),
            };
            are_looked_at(&Asks { interpreter, needed: &needed, version_needs: &[need] })
        };
        let glibc = Some("/lib64/ld-linux-x86-64.so.2");
        assert!(!looked(glibc, &["libc.so.6"], "GLIBC_2.34"));
        assert!(looked(glibc, &["libc.so.6"], "GLIBC_PRIVATE"));
        assert!(looked(glibc, &["libc.musl-x86_64.so.1"], "GLIBC_2.34"));
        assert!(looked(Some("/lib/ld-musl-x86_64.so.1"), &["libz.so.1"], "GLIBC_2.34"));
        assert!(matches!(
            symbols_for(Some("x86_64-unknown-linux-musl"), SymbolNames::Where(|_| false)),
            SymbolNames::Always
        ));
    }
}
