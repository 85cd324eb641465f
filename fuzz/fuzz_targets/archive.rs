//! An archive of objects whose members are these bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seaworthy_fuzz::archive(bytes));
