//! The integration tests: one binary, one module per question. They run the real program on real builds; nothing is mocked.

#[macro_use]
mod support;

mod harness; // Does the harness itself hold?
mod tidy; // Are the house rules kept?
