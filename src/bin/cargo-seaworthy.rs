//! `cargo seaworthy …`: the same program under the name by which cargo finds it.

seaworthy::program!();
