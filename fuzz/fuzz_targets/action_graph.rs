//! The text that go writes its action graph as.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seaworthy_fuzz::action_graph(bytes));
