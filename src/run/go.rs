//! go: standard streams are its own; the artifacts are read from its action graph afterwards.
