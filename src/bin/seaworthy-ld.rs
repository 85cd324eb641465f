//! The linker guard under a name that fits `linker = "seaworthy-ld"`, `-extld=seaworthy-ld` and `CC`.

seaworthy::program!();
