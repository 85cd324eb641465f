//! Any bytes as two JSON reports, the second behind a NUL; what is accepted has to survive being compared and shown.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seaworthy_fuzz::reports(bytes));
