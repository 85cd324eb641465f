//! Own flags; splits them from the wrapped tool's arguments. No I/O, no probing.
