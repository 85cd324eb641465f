//! Constructed cases.
