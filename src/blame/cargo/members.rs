//! Members of a workspace that cannot be built for a static target: cargo fails the whole build over one of them.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use cargo_metadata::{CrateType, Metadata, Package};

use crate::plan::Tool;
use crate::plan::cargo::own_manifest;
use crate::plan::scan::{Flag, Flags, Syntax};

/// The members a call in `directory` builds that make nothing but a `cdylib` or `dylib`, by name.
pub(super) fn only_shared(metadata: &Metadata, args: &[OsString], directory: &Path) -> Vec<String> {
    let chosen = values(args, &["p", "package"]);
    let left_out = values(args, &["exclude"]);
    let is_whole = args.iter().any(|word| word == "--workspace" || word == "--all");
    let named = values(args, &["manifest-path"]).pop();
    let own = own_manifest(named.as_deref().map(OsStr::new), directory);
    let of_folder =
        metadata.packages.iter().find(|package| own.as_deref() == Some(package.manifest_path.as_std_path()));
    let is_built = |package: &&Package| {
        let name = package.name.as_str();
        match of_folder {
            _ if !chosen.is_empty() => chosen.iter().any(|chosen| is_named(chosen, name)),
            Some(own) if !is_whole => own.id == package.id,
            _ => !left_out.iter().any(|out| is_named(out, name)),
        }
    };
    let members = metadata.packages.iter().filter(|package| metadata.workspace_members.contains(&package.id));
    members.filter(is_built).filter(|package| is_shared(package)).map(|package| package.name.to_string()).collect()
}

fn is_shared(package: &Package) -> bool {
    let is_c = |kind: &CrateType| matches!(kind, CrateType::CDyLib | CrateType::DyLib);
    let libraries = package.targets.iter().filter(|target| target.crate_types.iter().any(is_c));
    libraries.into_iter().any(|library| library.crate_types.iter().all(is_c))
}

/// `NAME`, `NAME@VERSION`, or an address that ends in them.
fn is_named(chosen: &str, name: &str) -> bool {
    let chosen = chosen.rsplit(['#', '/']).next().unwrap_or(chosen);
    chosen.split(['@', ':']).next() == Some(name)
}

/// The values of an option, by its names without dashes.
fn values(args: &[OsString], names: &[&str]) -> Vec<String> {
    let flags = Flags::new(Syntax::after_verb(Tool::Cargo), args, 0).filter(|flag| names.contains(&flag.name.as_str()));
    let value = |flag: Flag| flag.value.or_else(|| args.get(flag.at + 1).cloned());
    flags.filter_map(value).map(|value| value.to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_one_word_and_two() {
        let args = ["build", "-p", "a", "-pb", "--package=c", "--package", "d", "--profile", "x", "--", "-p", "e"];
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        assert_eq!(values(&args, &["p", "package"]), ["a", "b", "c", "d"]);
        for chosen in ["py", "py@0.1.0", "path+file:///w/py#0.1.0", "path+file:///w/x#py@0.1.0"] {
            assert_eq!(is_named(chosen, "py"), chosen != "path+file:///w/py#0.1.0", "{chosen}");
        }
    }
}
