//! Any bytes as the `.data` of a Go program, where the build information lies.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seaworthy_fuzz::go_build_info(bytes));
