//! How much of an archive is read: beyond what real images have, and little enough for any machine. `docs/images.md` lists them.

/// Bytes of an index, manifest or configuration (container runtimes stop at 4 to 8 MiB).
pub const DOCUMENT: u64 = 8 << 20;
/// Manifests in an archive, and how deep an index may nest.
pub const MANIFESTS: usize = 256;
/// See [`MANIFESTS`].
pub const NESTING: usize = 4;
/// Layers of an image.
pub const LAYERS: usize = 512;
/// Headers in the layers of an image together, and members of the archive itself.
pub const MEMBERS: u64 = 1_000_000;
/// Bytes of names and link targets of an image together.
pub const NAMES: u64 = 64 << 20;
/// Bytes of a path, and of one part of it: `PATH_MAX` and `NAME_MAX` of Linux.
pub const PATH: usize = 4096;
/// See [`PATH`].
pub const NAME: usize = 255;
/// Bytes of an extended header (a long name, PAX records), as for Go's `archive/tar`.
pub const EXTENSION: u64 = 1 << 20;
/// Bytes of the layers of an image together once unpacked.
pub const UNPACKED: u64 = 64 << 30;
/// Bytes of ELF files of an image that are kept on disk while it is judged.
pub const KEPT: u64 = 32 << 30;
/// Bytes of the window of a zstd frame, all of which is held in memory.
pub const WINDOW: u64 = 64 << 20;
/// Symbolic links that are followed for one path (`MAXSYMLINKS` of Linux).
pub const LINKS: usize = 40;
/// Directories that lie in one another.
pub const DEPTH: usize = 256;
/// Names that whiteouts look at in all layers together.
pub const VISITS: u64 = 100_000_000;
