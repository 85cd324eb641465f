//! Arguments and environment in, exit code out.

seaworthy::program!();
