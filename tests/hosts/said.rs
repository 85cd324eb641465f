//! What the simulated load says of a file.

use std::collections::BTreeMap;
use std::path::Path;

use seaworthy::facts::{self, Wanted};
use seaworthy::hosts::load::{Load, Mode, Program, load};
use seaworthy::hosts::{self, Disk, Host};
use seaworthy::policy::{OwnHost, Setting};

use crate::real::Root;

/// The root as a host of its own.
pub(crate) fn host_of(root: &Root) -> Host {
    let own = OwnHost { rootfs: Some(root.directory.clone()), ..OwnHost::default() };
    let hosts = BTreeMap::from([(root.name.clone(), Setting::default(own))]);
    hosts::resolve(&root.name, root.machine.arch, &hosts).expect("the root is a host")
}

/// What the simulated load says of one file, as `ldd -r` would.
///
/// # Errors
/// Why the file cannot be read.
pub(crate) fn say(path: &Path, host: &Host, files: &Disk) -> Result<Load, String> {
    let file = facts::read_file(path, Wanted::default()).map_err(|why| why.to_string())?;
    let slice = file.slices.first().ok_or("it has no slice")?;
    let program = Program { facts: slice, path: &path.display().to_string(), at_home: false };
    Ok(load(program, host, files, Mode { strict_symbols: true, provided: None }))
}
