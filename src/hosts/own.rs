//! Hosts of the project's own: `[hosts.NAME]` of the policy, from the version of a C library or a root file system.

use std::collections::BTreeMap;

use thiserror::Error;

use super::exports::Exports;
use super::{Host, Libc, Library, Version, catalogue, rootfs};
use crate::facts::libc::LibcFamily;
use crate::policy::{OwnHost, Setting};

/// Why there is no host of a name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HostError {
    /// Neither the catalogue nor the policy has the name.
    #[error("no host is called `{name}`{}", did_you_mean(close))]
    Unknown {
        /// The name.
        name: String,
        /// Close names, the closest first.
        close: Vec<String>,
    },
    /// The policy's own host makes no sense.
    #[error("the host `{name}` cannot be used: {why}")]
    Unusable {
        /// The name.
        name: String,
        /// What is wrong.
        why: String,
    },
}

fn did_you_mean(close: &[String]) -> String {
    let names: Vec<String> = close.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "; `seaworthy hosts` lists them".to_owned(),
        names => format!("; close names: {}", names.join(", ")),
    }
}

/// The host of that name, the policy's own first, then the catalogue's.
///
/// # Errors
/// [`HostError`], a sentence with the name and what to do.
pub fn resolve(name: &str, arch: &str, own: &BTreeMap<String, Setting<OwnHost>>) -> Result<Host, HostError> {
    if let Some(own) = own.get(name) {
        return from_policy(name, arch, &own.value);
    }
    catalogue::find(name, arch).map_err(|mut close| {
        close.extend(own.keys().filter(|own| strsim::jaro_winkler(own, name) > 0.8).cloned());
        HostError::Unknown { name: name.to_owned(), close }
    })
}

/// A host as `[hosts.NAME]` describes it.
fn from_policy(name: &str, arch: &str, own: &OwnHost) -> Result<Host, HostError> {
    let unusable = |why: String| HostError::Unusable { name: name.to_owned(), why };
    let version = |text: &str| -> Result<Version, HostError> {
        text.parse().map_err(|()| unusable(format!("`{text}` is not a version number")))
    };
    if let Some(directory) = &own.rootfs {
        return rootfs::directory(name, directory, arch).map_err(unusable);
    }
    let mut host = catalogue::empty(name, arch);
    "the policy".clone_into(&mut host.source);
    match (&own.glibc, &own.musl) {
        (Some(_), Some(_)) => return Err(unusable("it names both glibc and musl; leave one of them out".into())),
        (Some(glibc), None) => catalogue::add_glibc(&mut host, version(glibc)?, None),
        (None, Some(musl)) => catalogue::add_musl(&mut host, version(musl)?),
        (None, None) => {}
    }
    for soname in &own.libraries {
        if !host.libraries.iter().any(|library| library.soname == *soname) {
            host.libraries.push(Library { soname: soname.clone(), exports: Exports::Unknown });
        }
    }
    host.libraries.sort_by(|a, b| a.soname.cmp(&b.soname));
    Ok(host)
}

/// A machine of which no more is known than a loader and the release of the C library that it belongs to; `None` for a C library
/// that there is no table of.
pub fn of_loader(name: &str, arch: &str, loader: &str, libc: Libc) -> Option<Host> {
    let mut host = catalogue::empty(name, arch);
    match libc.family {
        LibcFamily::Glibc => catalogue::add_glibc(&mut host, libc.version, None),
        LibcFamily::Musl => catalogue::add_musl(&mut host, libc.version),
        _ => return None,
    }
    host.complete = false;
    host.loaders = vec![loader.to_owned()];
    host.libraries.sort_by(|a, b| a.soname.cmp(&b.soname));
    Some(host)
}
