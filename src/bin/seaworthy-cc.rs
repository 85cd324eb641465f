//! The linker guard under a name that fits what calls a compiler: `CC`, cargo's `linker`, `-extld`.

seaworthy::program!();
