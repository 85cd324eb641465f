//! The linker guard under a name that fits what calls a linker.

seaworthy::program!();
