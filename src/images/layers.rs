//! The layers of an image, each as one pass over its stream: names into the tree, what a load may need onto disk, everything
//! compared with its digest.

use std::io::{self, Read};

use super::digest::Hashing;
use super::manifest::Layer;
use super::names::{self, Whiteout};
use super::store::{Blob, Store};
use super::tar::{Input, Kind, Member, Members};
use super::tree::{Content, File, New, Tree};
use super::unpack::Unpacked;
use super::{Image, Refused, limits};

/// Bytes at the start of a file that tell what it is; the kernel reads as many of a script.
const HEAD: u64 = 256;
/// `e_type` of ELF files that run or are loaded: `ET_EXEC` and `ET_DYN`.
const LINKED: [u8; 2] = [2, 3];

/// Reads all layers of an image in their order.
pub(super) fn read(store: &Store, image: &Image) -> Result<Tree, Refused> {
    let mut tree = Tree::new();
    let (mut bytes, mut members) = (limits::UNPACKED, limits::MEMBERS);
    for (number, layer) in image.layers.iter().enumerate() {
        let mut pass = Pass { tree: &mut tree, layer: number as u16, members };
        let used = pass.layer(store, layer, bytes).map_err(|why| in_layer(layer, why))?;
        members = pass.members;
        bytes = bytes.saturating_sub(used);
    }
    tree.sweep();
    Ok(tree)
}

/// Reads one layer by itself, packed or not, whoever has it.
///
/// # Errors
/// [`Refused`], when it is damaged or hostile.
pub fn single(layer: impl Read) -> Result<Tree, Refused> {
    let mut tree = Tree::new();
    let mut members = Members::new(Stream(Hashing::new(Unpacked::new(layer)?, limits::UNPACKED)));
    Pass { tree: &mut tree, layer: 0, members: limits::MEMBERS }.all(&mut members)?;
    Ok(tree)
}

fn in_layer(layer: &Layer, Refused(why): Refused) -> Refused {
    Refused(format!("layer `{}`: {why}", layer.blob))
}

/// One layer while it is read.
struct Pass<'a> {
    tree: &'a mut Tree,
    layer: u16,
    /// Members that may still come.
    members: u64,
}

impl Pass<'_> {
    /// Reads one layer, at most `limit` bytes of it; gives how many it had.
    fn layer(&mut self, store: &Store, layer: &Layer, limit: u64) -> Result<u64, Refused> {
        let Some(Blob { size, input }) = store.blob(&layer.blob)? else {
            let where_else = if layer.foreign { "; a runtime would fetch it from elsewhere" } else { "" };
            return Err(Refused(format!("it is not in the archive{where_else}")));
        };
        if let Some(declared) = layer.size.filter(|&declared| declared != size) {
            return Err(Refused(format!("it has {size} bytes, the manifest says {declared}")));
        }
        // A packed layer without a digest of its own is still compared by what is in it.
        let packed = Hashing::new(input, u64::MAX);
        let mut members = Members::new(Stream(Hashing::new(Unpacked::new(packed)?, limit)));
        self.all(&mut members)?;
        let Stream(mut unpacked) = members.into_input();
        let (found, used) = unpacked.finish()?;
        if let Some(diff_id) = layer.diff_id {
            diff_id.compare(found, "what it holds")?;
        }
        if let Some(digest) = layer.digest {
            digest.compare(unpacked.inner().packed().finish()?.0, "its content")?;
        }
        Ok(used)
    }

    /// Every member of a layer.
    fn all(&mut self, members: &mut Members<impl Input>) -> Result<(), Refused> {
        while let Some(member) = members.next()? {
            self.members = self
                .members
                .checked_sub(1)
                .ok_or_else(|| Refused(format!("the layers have more than {} members together", limits::MEMBERS)))?;
            self.member(&member, members)?;
        }
        Ok(())
    }

    fn member(&mut self, member: &Member, content: &mut Members<impl Input>) -> Result<(), Refused> {
        let parts = names::parts(&member.name)?;
        if let Some((name, parents)) = parts.split_last()
            && let Some(whiteout) = names::whiteout(name)
        {
            return match member.kind {
                // Only aufs keeps directories of such names.
                Kind::Directory => self.tree.hide(self.layer, parents, &Whiteout::Ignored),
                _ => self.tree.hide(self.layer, parents, &whiteout),
            };
        }
        let target;
        let new = match member.kind {
            Kind::Directory => New::Directory(member.access),
            Kind::Special => New::Special,
            Kind::Symlink if member.link.len() > limits::PATH => {
                return Err(Refused(format!("the target of `{}` is longer than a path", super::shown(&member.name))));
            }
            Kind::Symlink => New::Link(&member.link),
            Kind::HardLink => {
                target = names::parts(&member.link)?;
                New::HardLink(&target)
            }
            Kind::File => New::File(self.file(member, &parts, content)?),
        };
        self.tree.put(self.layer, &parts, new)
    }

    /// Looks at the first bytes of a file and keeps what a load may need.
    fn file(&mut self, member: &Member, parts: &[&[u8]], content: &mut Members<impl Input>) -> Result<File, Refused> {
        let mut head = Vec::new();
        content.by_ref().take(HEAD).read_to_end(&mut head)?;
        let content = match head.as_slice() {
            [0x7f, b'E', b'L', b'F', _, order, ..] if is_linked(*order, &head) => {
                Content::Elf(self.tree.spool().keep(&head, content, member.size)?)
            }
            _ if is_settings(parts) => Content::Settings(self.tree.spool().keep(&head, content, member.size)?),
            _ if !member.access.is_executable() => Content::Other,
            [b'#', b'!', rest @ ..] => {
                Content::Script(rest.split(|&byte| byte == b'\n').next().unwrap_or_default().into())
            }
            head => Content::Foreign(what(head).into()),
        };
        Ok(File { access: member.access, content })
    }
}

/// Whether an ELF file is a program or a shared object; `order` is `EI_DATA`.
fn is_linked(order: u8, head: &[u8]) -> bool {
    let kind = match order {
        2 => head.get(16..18).map(|kind| [kind[1], kind[0]]),
        _ => head.get(16..18).map(|kind| [kind[0], kind[1]]),
    };
    kind.is_some_and(|[low, high]| high == 0 && LINKED.contains(&low))
}

/// Files that loaders read beside libraries, and runtimes to find a user.
fn is_settings(parts: &[&[u8]]) -> bool {
    match parts {
        [b"etc", b"passwd" | b"group"] => true,
        [.., name] => *name == b"ld.so.cache" || (name.starts_with(b"ld-musl-") && name.ends_with(b".path")),
        [] => false,
    }
}

/// What a file is that the kernel of Linux would not start.
fn what(head: &[u8]) -> &'static str {
    match head {
        [] => "an empty file",
        [0x7f, b'E', b'L', b'F', ..] => "an ELF file that is neither a program nor a library",
        [b'M', b'Z', ..] => "a program for Windows",
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => "a program for macOS, or a Java class",
        [b'P', b'K', 3, 4, ..] => "a zip archive",
        [0xef, 0xbb, 0xbf, b'#', b'!', ..] => "a script with a byte order mark in front of `#!`",
        head if is_text(head) => TEXT,
        _ => "of a format that Linux does not start",
    }
}

/// What a shell runs, and the kernel does not.
pub(super) const TEXT: &str = "a text without `#!`";

/// Whether these are characters of UTF-8, of which the last may be cut, and none of them for control.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_some() => return false,
        Err(error) => head.get(..error.valid_up_to()).and_then(|head| str::from_utf8(head).ok()).unwrap_or_default(),
    };
    text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace())
}

/// A stream that has to be read to be passed over.
struct Stream<R>(R);

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Input for Stream<R> {}
