//! Init: the files that put the guard where a project is built already, made to fit what is found there.
//!
//! [`Project`] is what was seen, a [`Piece`] is what can be asked for, and [`place()`] brings a piece into the project without
//! ever replacing what is there. The texts are in `templates/init`.

mod merge;
mod pieces;
mod place;
mod project;
mod template;

pub use pieces::{PIECES, Piece, Template};
pub use place::{How, Placed, place, policy};
pub use project::Project;

/// Name of the package on PyPI that carries the program: there, its own name belongs to somebody else.
pub const PYPI_PACKAGE: &str = "seaworthy-guard";
