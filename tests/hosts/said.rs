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
pub(crate) fn say(path: &Path, host: &Host, files: &Disk) -> Load {
    let file = facts::read_file(path, Wanted::default()).expect("the file can be read");
    let slice = file.slices.first().expect("a slice");
    let program = Program { facts: slice, path: &path.display().to_string(), at_home: false };
    load(program, host, files, Mode { strict_symbols: true, provided: None })
}
