//! Where the blobs of an archive lie: members of a tar file, by name, or files below a directory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::digest::{Digest, Hashing};
use super::tar::{Input, Kind, Members};
use super::unpack::{Unpacked, is_packed};
use super::{Refused, limits, names};

/// A tar file says so here (POSIX `ustar`, GNU tar).
const MAGIC: (usize, &[u8]) = (257, b"ustar");
/// Bytes of a tar file's header.
const HEADER: usize = 512;

/// The content of an archive, by name.
#[derive(Debug)]
pub(super) enum Store {
    /// A tar file.
    Tar { file: File, members: BTreeMap<String, Place> },
    /// A directory with an OCI layout.
    Directory(PathBuf),
}

/// Where a member of a tar file is.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// Its content: offset and length.
    At(u64, u64),
    /// Another member: `docker save` wrote equal layers as links.
    Link(String),
}

/// One blob, opened.
pub(super) struct Blob<'a> {
    /// Its length, in bytes.
    pub(super) size: u64,
    /// Its content.
    pub(super) input: Box<dyn Read + 'a>,
}

/// Whether a path may be an image: a directory with an `oci-layout`, or a tar file, packed or not.
pub(super) fn is_candidate(path: &Path) -> bool {
    if path.is_dir() {
        return path.join("oci-layout").is_file();
    }
    let Ok(mut file) = crate::facts::open(path) else { return false };
    let head = head(&mut file);
    if is_tar(&head) {
        return true;
    }
    // Most files are neither: only what is packed is worth the decompressor.
    let packed = is_packed(&head) && file.rewind().is_ok();
    packed && Unpacked::new(file).is_ok_and(|mut input| is_tar(&self::head(&mut input)))
}

/// The first bytes, up to the length of a tar file's header.
fn head(input: &mut dyn Read) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEADER);
    match input.take(HEADER as u64).read_to_end(&mut head) {
        Ok(_) => head,
        Err(_) => Vec::new(),
    }
}

fn is_tar(head: &[u8]) -> bool {
    let (at, magic) = MAGIC;
    head.get(at..at + magic.len()) == Some(magic)
}

impl Store {
    /// Opens an archive; a packed one is unpacked into a file without a name first.
    ///
    /// # Errors
    /// What cannot be read, and tar files that no image could be in.
    pub(super) fn open(path: &Path) -> Result<Store, Refused> {
        if path.is_dir() {
            return Ok(Store::Directory(path.to_owned()));
        }
        let file = crate::facts::open(path).map_err(|error| Refused(error.to_string()))?;
        let unpacked = Unpacked::new(&file)?;
        let mut file = if unpacked.is_plain() { file } else { spooled(unpacked)? };
        file.rewind()?;
        let members = index(&file)?;
        Ok(Store::Tar { file, members })
    }

    /// The blob of that name, if there is one.
    ///
    /// # Errors
    /// What the operating system says, and links in circles.
    pub(super) fn blob(&self, name: &str) -> Result<Option<Blob<'_>>, Refused> {
        let (file, members) = match self {
            Store::Directory(directory) => {
                let path = directory.join(name);
                if !path.exists() {
                    return Ok(None);
                }
                let file = crate::facts::open(&path).map_err(|error| Refused(format!("`{name}`: {error}")))?;
                return Ok(Some(Blob { size: file.metadata()?.len(), input: Box::new(file) }));
            }
            Store::Tar { file, members } => (file, members),
        };
        let mut name = name;
        for _ in 0..limits::LINKS {
            match members.get(name) {
                None => return Ok(None),
                Some(Place::Link(other)) => name = other,
                Some(&Place::At(offset, size)) => {
                    let mut file = file;
                    file.seek(SeekFrom::Start(offset))?;
                    return Ok(Some(Blob { size, input: Box::new(file.take(size)) }));
                }
            }
        }
        Err(Refused(format!("the links of `{name}` run in circles")))
    }

    /// The whole of a small document, compared with its digest where it has one.
    ///
    /// # Errors
    /// What is too long to be one, or is not what its digest says.
    pub(super) fn document(&self, name: &str, digest: Option<Digest>) -> Result<Option<Vec<u8>>, Refused> {
        let Some(blob) = self.blob(name)? else { return Ok(None) };
        if blob.size > limits::DOCUMENT {
            return Err(Refused(format!("`{name}` has {} bytes, more than {}", blob.size, limits::DOCUMENT)));
        }
        let mut bytes = Vec::new();
        Hashing::new(blob.input, limits::DOCUMENT).read_to_end(&mut bytes)?;
        if let Some(digest) = digest {
            digest.compare(Digest::of(&bytes), &format!("`{name}`"))?;
        }
        Ok(Some(bytes))
    }
}

/// The archive without its packing, on disk: what lies in it is read in another order than it comes.
fn spooled(unpacked: Unpacked<&File>) -> Result<File, Refused> {
    let mut file = tempfile::tempfile().map_err(super::spool::full)?;
    let mut input = unpacked.take(limits::UNPACKED + 1);
    // Told apart from what the disk says: the packing may be damaged.
    let mut chunk = vec![0; 64 << 10];
    let mut written = 0;
    loop {
        let read = input.read(&mut chunk)?;
        if read == 0 {
            return Ok(file);
        }
        written += read as u64;
        if written > limits::UNPACKED {
            return Err(Refused(format!("it unpacks to more than {} bytes", limits::UNPACKED)));
        }
        io::Write::write_all(&mut file, chunk.get(..read).unwrap_or_default()).map_err(super::spool::full)?;
    }
}

/// Names and places of the members of a tar file.
fn index(file: &File) -> Result<BTreeMap<String, Place>, Refused> {
    let length = file.metadata()?.len();
    let mut found = BTreeMap::new();
    let mut members = Members::new(Seekable { input: BufReader::new(file), length });
    while let Some(member) = members.next()? {
        let plain = |parts: Vec<&[u8]>| String::from_utf8_lossy(&parts.join(&b'/')).into_owned();
        let name = plain(names::parts(&member.name)?);
        let place = match member.kind {
            Kind::File => Place::At(members.position()?, member.size),
            Kind::HardLink => Place::Link(plain(names::parts(&member.link)?)),
            Kind::Symlink => {
                let directory = name.rsplit_once('/').map_or("", |(directory, _)| directory);
                let target = [directory.as_bytes(), &member.link].join(&b'/');
                // Elsewhere than in the archive there is nothing to find.
                match names::parts(&target) {
                    Ok(parts) => Place::Link(plain(parts)),
                    Err(_) => continue,
                }
            }
            Kind::Directory | Kind::Special => continue,
        };
        found.insert(name, place);
    }
    Ok(found)
}

/// A tar file whose contents are passed over without being read.
struct Seekable<'a> {
    input: BufReader<&'a File>,
    length: u64,
}

impl Read for Seekable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.input.read(buffer)
    }
}

impl Input for Seekable<'_> {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        let end = self.input.stream_position()?.checked_add(count).filter(|&end| end <= self.length);
        let count = end.and_then(|_| i64::try_from(count).ok()).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.input.seek_relative(count)
    }

    fn position(&mut self) -> io::Result<u64> {
        self.input.stream_position()
    }
}
