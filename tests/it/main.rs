//! The integration tests: one binary, one module per question. They run the real program on real builds; nothing is mocked.

#[macro_use]
mod support;

mod cli; // Does the command line say what it takes, and refuse the rest?
mod harness; // Does the harness itself hold?
mod policy; // Are bad policies refused, each in its own words?
mod report; // Do reports say everything, safely, and keep their form?
mod rules; // Does the list of rules keep its shape, and does every page about rules come from them?
mod tidy; // Are the house rules kept?
