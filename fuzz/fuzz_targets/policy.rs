//! Any bytes as a policy file; what is accepted has to survive being shown.

#![no_main]

use std::path::Path;

use seaworthy::policy::{self, Level};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match policy::parse_str(text, Path::new("seaworthy.toml")) {
        Ok(policy) => {
            let _ = (policy.shown(), policy.to_toml());
            let levels = policy.for_artifact("target/release/app", Some("x86_64-unknown-linux-musl"));
            let _ = levels.level("run-path", Level::Deny);
        }
        Err(errors) => assert!(!errors.rendered.is_empty(), "refused without a word"),
    }
});
