//! Members of a workspace that cannot be built for a static target: cargo fails the whole build over one of them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cargo_metadata::{CrateType, Metadata, Package};

/// The members a call in `directory` builds that make nothing but a `cdylib` or `dylib`, by name.
pub(super) fn only_shared(metadata: &Metadata, args: &[OsString], directory: &Path) -> Vec<String> {
    let chosen = values(args, &["-p", "--package"]);
    let left_out = values(args, &["--exclude"]);
    let is_whole = args.iter().any(|word| word == "--workspace" || word == "--all");
    let own = own_manifest(args, directory);
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

/// The manifest that cargo starts from.
fn own_manifest(args: &[OsString], directory: &Path) -> Option<PathBuf> {
    match values(args, &["--manifest-path"]).pop() {
        Some(path) => Some(directory.join(path)),
        None => directory.ancestors().map(|folder| folder.join("Cargo.toml")).find(|path| path.is_file()),
    }
}

/// `NAME`, `NAME@VERSION`, or an address that ends in them.
fn is_named(chosen: &str, name: &str) -> bool {
    let chosen = chosen.rsplit(['#', '/']).next().unwrap_or(chosen);
    chosen.split(['@', ':']).next() == Some(name)
}

/// The values of an option, in one word or two.
fn values(args: &[OsString], names: &[&str]) -> Vec<String> {
    let words: Vec<_> = args.iter().map(|word| word.to_string_lossy()).take_while(|word| word != "--").collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if names.contains(&&**word) {
            found.extend(words.get(at + 1).map(ToString::to_string));
        }
        let joined = names.iter().find_map(|name| {
            let rest = word.strip_prefix(name)?;
            if name.starts_with("--") { rest.strip_prefix('=') } else { Some(rest.trim_start_matches('=')) }
        });
        found.extend(joined.filter(|value| !value.is_empty()).map(str::to_owned));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_one_word_and_two() {
        let args = ["build", "-p", "a", "-pb", "--package=c", "--package", "d", "--profile", "x", "--", "-p", "e"];
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        assert_eq!(values(&args, &["-p", "--package"]), ["a", "b", "c", "d"]);
        for chosen in ["py", "py@0.1.0", "path+file:///w/py#0.1.0", "path+file:///w/x#py@0.1.0"] {
            assert_eq!(is_named(chosen, "py"), chosen != "path+file:///w/py#0.1.0", "{chosen}");
        }
    }
}
