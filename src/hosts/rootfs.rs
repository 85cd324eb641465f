//! A root file system as a host: an unpacked image, or the layers of a packed one; read and never entered.
//!
//! Symbolic links are followed inside the root alone; what points outside or in circles is absent. Only regular files are
//! opened.

mod cache;
mod disk;
mod links;
mod searched;
mod storage;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::load::{Files, Image, Opened};
use super::{Confidence, Exports, Host, Libc, Version, catalogue, glibc, musl};
use crate::facts::Details;
use crate::facts::libc::LibcFamily;

pub use disk::Disk;
pub use links::{Lost, resolve};
use searched::Searched;
pub use storage::{Directory, Look, Storage, Stored};

/// No list of directories is longer than this outside a hostile root.
const MOST_BYTES: u64 = 64 << 20;

/// Symbols of opened libraries that are held at once; beyond them, what nobody uses is read again. Some tens of MB.
const MOST_SYMBOLS: usize = 400_000;

/// What the loaders of a root may be made for.
const ARCHITECTURES: &[&str] = &[
    "x86_64",
    "i386",
    "aarch64",
    "arm",
    "loongarch64",
    "mips",
    "mips64",
    "mips64el",
    "mipsel",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv64",
    "s390x",
    "sparc64",
];

/// A root file system.
#[derive(Debug)]
pub struct Root {
    /// Where it is, or which image it belongs to.
    name: String,
    storage: Arc<dyn Storage>,
    arch: String,
    /// Directories of `LD_LIBRARY_PATH`, for every program.
    library_path: Vec<String>,
    opened: Mutex<Known>,
    /// Where its loaders look, by their paths.
    searched: Mutex<HashMap<String, Arc<Searched>>>,
}

/// What was opened, by its path inside the root.
#[derive(Debug, Default)]
struct Known {
    opened: HashMap<PathBuf, Opened>,
    symbols: usize,
}

impl PartialEq for Root {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.arch == other.arch
    }
}

impl Root {
    /// The root at `directory`, for programs of `arch`.
    ///
    /// # Errors
    /// A sentence when there is no such directory.
    pub fn new(directory: &Path, arch: &str) -> Result<Root, String> {
        let storage = Directory::new(directory)?;
        Ok(Root::of(&directory.display().to_string(), Arc::new(storage), arch))
    }

    /// The root whose files are in `storage`, for programs of `arch`.
    pub fn of(name: &str, storage: Arc<dyn Storage>, arch: &str) -> Root {
        Root {
            name: name.to_owned(),
            storage,
            arch: arch.to_owned(),
            library_path: Vec::new(),
            opened: Mutex::default(),
            searched: Mutex::default(),
        }
    }

    /// The same, whose programs are started with these directories in `LD_LIBRARY_PATH`.
    pub fn with_library_path(self, directories: Vec<String>) -> Root {
        Root { library_path: directories, ..self }
    }

    /// Directories of `LD_LIBRARY_PATH`.
    pub(super) fn library_path(&self) -> &[String] {
        &self.library_path
    }

    /// The C library whose loader lies at `loader`; `None` when there is no such loader, or its release cannot be told.
    pub fn libc(&self, loader: &str) -> Option<Libc> {
        let Opened::Object(image) = self.open(loader) else { return None };
        let family = family(&image);
        let version = match family {
            LibcFamily::Glibc => glibc_version(self, loader),
            LibcFamily::Musl => self.musl_version(loader),
            _ => None,
        };
        version.map(|version| Libc { family, version })
    }

    /// The real path of what `path` names inside of `directory`, which neither `..` nor symbolic links leave.
    pub fn inside(directory: &Path, path: &str) -> Option<PathBuf> {
        links::resolve(&Directory::new(directory).ok()?, path).ok().map(|inside| directory.join(inside))
    }

    /// Bytes of a regular file inside the root.
    fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        let inside = links::resolve(&*self.storage, path).ok()?;
        let Stored::At { disk, .. } = self.storage.stored(&inside) else { return None };
        let length = std::fs::symlink_metadata(&disk).ok()?.len();
        (length <= MOST_BYTES).then(|| std::fs::read(disk).ok())?
    }

    /// What `/etc/ld.so.preload` names: paths or names, apart by blanks and colons.
    pub(super) fn preloads(&self) -> Vec<String> {
        let mut bytes = self.bytes("/etc/ld.so.preload").unwrap_or_default();
        blank_comments(&mut bytes);
        let names = bytes.split(|byte| b": \t\n".contains(byte)).filter(|name| !name.is_empty());
        names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    /// What `$LIB` is to a glibc of the root: the first directory of its loader, as `lib/x86_64-linux-gnu` or `lib64`.
    pub(super) fn lib_token(&self, loader: &str) -> Option<String> {
        let searched = self.searched(LibcFamily::Glibc, loader);
        Some(searched.directories.first()?.trim_start_matches('/').to_owned())
    }

    /// Whether somebody may execute the file.
    pub(super) fn is_executable(&self, path: &str) -> bool {
        let look = links::resolve(&*self.storage, path).map(|inside| self.storage.look(&inside));
        matches!(look, Ok(Look::File { executable: true }))
    }

    /// Version of a musl, which its libc carries as text of its own (`src/internal/version.c`); on some architectures right behind
    /// bytes that are no text.
    fn musl_version(&self, path: &str) -> Option<Version> {
        let bytes = self.bytes(path)?;
        let number = |text: &[u8]| {
            let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
            let length = text.iter().rev().take_while(|byte| is_part(byte)).count();
            let number = std::str::from_utf8(&text[text.len() - length..]).ok()?.to_owned();
            (number.starts_with("1.") && number.split('.').count() == 3).then_some(number)
        };
        bytes.split(|&byte| byte == 0).find_map(number)?.parse().ok()
    }
}

impl Files for Root {
    fn real(&self, path: &str) -> String {
        let inside = links::resolve(&*self.storage, path);
        inside.map_or_else(|_| path.to_owned(), |inside| Path::new("/").join(inside).display().to_string())
    }

    fn open(&self, path: &str) -> Opened {
        let inside = match links::resolve(&*self.storage, path) {
            Ok(inside) => inside,
            Err(Lost::Absent) => return Opened::Absent,
            Err(Lost::Circles) => return Opened::Unreachable("its symbolic links run in circles"),
        };
        let mut known = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = known.opened.get(&inside) {
            return opened.clone();
        }
        let opened = match (self.storage.look(&inside), self.storage.stored(&inside)) {
            (Look::Directory, _) => Opened::Unusable("it is a directory".to_owned()),
            (_, Stored::Nothing) => Opened::Absent,
            (_, Stored::NotElf) => Opened::Unusable("it is not an ELF file".to_owned()),
            (_, Stored::At { disk, shown }) => disk::open(&disk, shown),
        };
        if let Opened::Object(image) = &opened {
            known.symbols += image.exports.listed_count();
        }
        if known.symbols > MOST_SYMBOLS {
            *known = Known::default();
        }
        known.opened.insert(inside, opened.clone());
        opened
    }
}

/// Turns comments into blanks as glibc does (`elf/rtld.c`): it looks for every further one from the beginning again, in ever less of
/// the text, and so leaves some of them standing.
fn blank_comments(text: &mut [u8]) {
    let mut rest = text.len();
    while let Some(start) = text[..rest].iter().position(|&byte| byte == b'#') {
        let end = text.iter().skip(start + 1).position(|&byte| byte == b'\n').map_or(text.len(), |at| start + 1 + at);
        let end = end.min(rest);
        text[start..end].fill(b' ');
        rest -= end;
    }
}

/// Which C library a loader belongs to.
pub(super) fn family(loader: &Image) -> LibcFamily {
    let Details::Elf(elf) = &loader.facts.details else { return LibcFamily::Unknown };
    match &loader.exports {
        // `libc.so.6` has that version too, and is no loader.
        Exports::Listed(listed)
            if elf.version_definitions.iter().any(|version| version == "GLIBC_PRIVATE")
                && listed.named("_rtld_global").next().is_some() =>
        {
            LibcFamily::Glibc
        }
        Exports::Listed(listed) if !listed.has_definitions && listed.named("__libc_start_main").next().is_some() => {
            LibcFamily::Musl
        }
        _ => LibcFamily::Unknown,
    }
}

/// The host that a directory with a root file system is.
///
/// # Errors
/// A sentence when the directory cannot be used.
pub(super) fn directory(name: &str, path: &Path, arch: &str) -> Result<Host, String> {
    let mut host = host(name, Root::new(path, arch)?);
    if let (true, Some(root)) = (host.loaders.is_empty(), &host.root) {
        let is_of =
            |path: &str, arch: &str| matches!(root.open(path), Opened::Object(image) if image.facts.arch == arch);
        let archs = ARCHITECTURES.iter().filter(|arch| usual_loaders(arch).any(|path| is_of(path, arch)));
        host.architectures = archs.copied().collect();
    }
    host.source = format!("the root file system `{}`", path.display());
    Ok(host)
}

/// Where the loaders of the C libraries lie for programs of an architecture; a path may come twice.
pub fn usual_loaders(arch: &str) -> impl Iterator<Item = &'static str> {
    const ABIS: [Option<&str>; 2] = [None, Some("soft-float")];
    let glibc_paths = ABIS.iter().filter_map(move |abi| glibc::loader_path(arch, *abi));
    glibc_paths.chain(ABIS.iter().filter_map(move |abi| musl::loader_path(arch, *abi)))
}

/// The host that a root is.
pub fn host(name: &str, root: Root) -> Host {
    let arch = root.arch.as_str();
    let mut host = catalogue::empty(name, arch);
    host.source = format!("the files of `{}`", root.name);
    host.confidence = Confidence::Verified;
    for path in usual_loaders(arch) {
        let Opened::Object(image) = root.open(path) else { continue };
        if image.facts.arch != arch || host.loaders.iter().any(|known| known == path) {
            continue;
        }
        host.loaders.push(path.to_owned());
        host.libc = host.libc.or_else(|| root.libc(path));
    }
    host.root = Some(Arc::new(root));
    host
}

/// The release of the glibc that a loader of the root belongs to: the newest numbered node of the libc that it finds.
fn glibc_version(root: &Root, loader: &str) -> Option<Version> {
    let searched = root.searched(LibcFamily::Glibc, loader);
    let directories = searched.directories.iter().map(|directory| format!("{directory}/libc.so.6"));
    let image =
        searched.cached("libc.so.6").iter().cloned().chain(directories).find_map(|path| match root.open(&path) {
            Opened::Object(image) if image.facts.arch == root.arch => Some(image),
            _ => None,
        })?;
    let Details::Elf(elf) = &image.facts.details else { return None };
    elf.version_definitions.iter().filter_map(|node| glibc::node_version(node)).max()
}
