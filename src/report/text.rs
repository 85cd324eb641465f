//! The text a user reads.
