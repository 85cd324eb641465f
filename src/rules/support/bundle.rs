//! The bundle around a program for macOS, as far as its signature covers it.

use crate::facts::macho::code_signature::CodeSignature;
use crate::rules::Subject;

/// Special slots of a CodeDirectory whose hash is of a file in `Contents` (xnu `osfmk/kern/cs_blobs.h`, `CSSLOT_INFOSLOT` and
/// `CSSLOT_RESOURCEDIR`).
const SEALED: [(u32, &str); 2] = [(1, "Info.plist"), (RESOURCES, "_CodeSignature/CodeResources")];

/// The slot that the program of a bundle alone has: slot 1 of any other is of the `Info.plist` within the file itself.
const RESOURCES: u32 = 3;

/// Bytes of the largest of these files that is read: a list of the resources of an application is a few megabytes long.
const LARGEST: u64 = 64 << 20;

/// What comparing a signature with the bundle showed.
#[derive(Debug, Default)]
pub(in crate::rules) struct Sealed {
    /// What does not fit, one sentence each.
    pub(in crate::rules) faults: Vec<String>,
    /// What could not be compared, and why.
    pub(in crate::rules) unknown: Option<String>,
}

/// Compares the hashes of a signature with the files of the bundle whose program this is. One that lies elsewhere was taken out
/// of its bundle, and runs: nobody looks at those files then.
pub(in crate::rules) fn sealed(subject: &Subject<'_>, signature: &CodeSignature) -> Sealed {
    let mut sealed = Sealed::default();
    let has = |slot: u32| {
        signature.code_directories.iter().any(|directory| directory.special_slots.iter().any(|one| one.slot == slot))
    };
    if !has(RESOURCES) {
        return sealed;
    }
    let Some((home, files)) = subject.loads.beside() else {
        sealed.unknown = Some("whether it lies in the bundle that its signature is about is not known".into());
        return sealed;
    };
    let Some(contents) = home.strip_suffix("/MacOS").filter(|contents| contents.ends_with("/Contents")) else {
        return sealed;
    };
    for (slot, file) in SEALED.into_iter().filter(|(slot, _)| has(*slot)) {
        let data = match files.read(&format!("{contents}/{file}"), LARGEST) {
            Ok(Some(data)) => data,
            Ok(None) => {
                sealed.faults.push(format!("it is signed with a `Contents/{file}`, which is not there"));
                continue;
            }
            Err(why) => {
                sealed.unknown = Some(format!("`Contents/{file}` cannot be read: {why}"));
                continue;
            }
        };
        for directory in &signature.code_directories {
            let expected =
                directory.special_slots.iter().find(|one| one.slot == slot).and_then(|one| one.outside.as_ref());
            let found = directory.hash_of(&data);
            if let (Some(expected), Some(found)) = (expected, found)
                && *expected != found
            {
                let name = directory.slot;
                sealed
                    .faults
                    .push(format!("the CodeDirectory in slot {name:#x} has another hash for `Contents/{file}`"));
            }
        }
    }
    sealed
}
