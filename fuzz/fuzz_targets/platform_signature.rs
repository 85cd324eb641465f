//! Any bytes as a platform signature or the description of a machine; what is accepted has to survive being compared and written.

#![no_main]

use seaworthy::manifest::envelope;
use seaworthy::verify::{Machine, fitting, needs};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let machine = Machine::parse(bytes).unwrap_or_default();
    let manifest = match envelope::open(bytes).and_then(|opened| opened.manifest()) {
        Ok(manifest) => manifest,
        Err(why) => return assert!(!why.to_string().is_empty(), "refused without a word"),
    };
    for artifact in &manifest.artifacts {
        let _ = fitting(artifact, &machine);
        for slice in &artifact.slices {
            let _ = needs(slice, &machine);
        }
    }
    let written = envelope::write(&manifest, true, None);
    let read = envelope::open(written.as_bytes()).and_then(|opened| opened.manifest());
    assert_eq!(read.as_ref(), Ok(&manifest), "it is not what was read");
});
