//! The files that a manifest lists, and what each is to a loader: read off the files themselves, not by the code under test.
//!
//! A manifest has one file a line (a JSON record or a bare path), or is one JSON array of such; of a record only the path is used,
//! and `"run": true`, which says that the program may be run and then ends with 42.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::real::{Item, Kind};

/// Names of the field that holds the path, the likeliest first.
const PATH: [&str; 4] = ["path", "file", "filename", "name"];

/// What can be tried of a manifest, by `e_machine` and width, and why the rest cannot.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    pub(crate) items: BTreeMap<(u16, u8), Vec<Item>>,
    pub(crate) skipped: BTreeMap<&'static str, usize>,
}

impl Manifest {
    /// Reads the manifest, and the beginning of every file it lists.
    ///
    /// # Errors
    /// A sentence, when it is no manifest.
    pub(crate) fn read(manifest: &Path, corpus: &Path) -> Result<Manifest, String> {
        let text = std::fs::read_to_string(manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
        let mut read = Manifest::default();
        for record in records(&text).map_err(|error| format!("{}: {error}", manifest.display()))? {
            match item(&record, corpus) {
                Ok((machine, item)) => read.items.entry(machine).or_default().push(item),
                Err(why) => *read.skipped.entry(why).or_default() += 1,
            }
        }
        Ok(read)
    }
}

fn records(text: &str) -> Result<Vec<Value>, serde_json::Error> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text);
    }
    let line = |line: &str| match line.starts_with('{') {
        true => serde_json::from_str(line),
        false => Ok(Value::from(line)),
    };
    text.lines().map(str::trim).filter(|text| !text.is_empty()).map(line).collect()
}

fn item(record: &Value, corpus: &Path) -> Result<((u16, u8), Item), &'static str> {
    let path = record.as_str().or_else(|| PATH.iter().find_map(|key| record[key].as_str()));
    let path = Path::new(path.ok_or("a record names no file")?);
    let inside = path.strip_prefix(corpus).unwrap_or(path);
    let inside: PathBuf = inside.components().filter(|part| *part != Component::CurDir).collect();
    if !inside.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err("outside the corpus");
    }
    let name = inside.to_str().filter(|name| !name.contains(['\t', '\n'])).ok_or("a name that no line can hold")?;
    let bytes = std::fs::read(corpus.join(name)).map_err(|_| "not there")?;
    let header = Header::read(&bytes).ok_or("no ELF file")?;
    if header.is_foreign {
        return Err("made for another system than Linux");
    }
    if header.interpreter.as_deref() == Some("") {
        return Err("a loader without a name");
    }
    let name_of = |path: &String| path.rsplit('/').next().unwrap_or_default().to_owned();
    // klibc's library, for one, preloads nothing, and so would let the program's own code run.
    if header.interpreter.as_ref().is_some_and(|path| !name_of(path).starts_with("ld")) {
        return Err("a loader that is neither glibc's nor musl's");
    }
    let kind = match (header.e_type, &header.interpreter, header.is_dynamic) {
        (2 | 3, Some(_), _) if record["run"] == true => Kind::Run,
        (2 | 3, Some(_), _) => Kind::Program,
        (3, None, true) if !header.is_static_pie => Kind::Library,
        (2 | 3, None, _) => Kind::Static,
        _ => return Err("neither a program nor a library"),
    };
    let item = Item { path: name.to_owned(), kind, interpreter: header.interpreter };
    Ok(((header.machine, header.width), item))
}

/// The little of an ELF file that decides how it is tried; little-endian and big-endian.
struct Header {
    width: u8,
    e_type: u16,
    machine: u16,
    interpreter: Option<String>,
    is_dynamic: bool,
    /// `EI_OSABI` is neither 0 nor that of GNU.
    is_foreign: bool,
    /// `DF_1_PIE` without an interpreter.
    is_static_pie: bool,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Header> {
        if !bytes.starts_with(b"\x7fELF") {
            return None;
        }
        let reader = Reader { bytes, wide: bytes.get(4) == Some(&2), big: bytes.get(5) == Some(&2) };
        let (table, size, count) = if reader.wide { (reader.word(32)?, 54, 56) } else { (reader.word(28)?, 42, 44) };
        let (size, count) = (reader.number(size, 2)?, reader.number(count, 2)?);
        let mut header = Header {
            width: if reader.wide { 64 } else { 32 },
            e_type: u16::try_from(reader.number(16, 2)?).ok()?,
            machine: u16::try_from(reader.number(18, 2)?).ok()?,
            interpreter: None,
            is_dynamic: false,
            is_foreign: !matches!(bytes.get(7), Some(0 | 3)),
            is_static_pie: false,
        };
        for at in (0..count).map(|index| table + index * size) {
            let (offset, length) = if reader.wide { (at + 8, at + 32) } else { (at + 4, at + 16) };
            let (offset, length) = (reader.word(offset)?, reader.word(length)?);
            let segment = bytes.get(usize::try_from(offset).ok()?..usize::try_from(offset.checked_add(length)?).ok()?);
            match reader.number(at, 4)? {
                2 => {
                    header.is_dynamic = true;
                    header.is_static_pie = Reader { bytes: segment?, ..reader }.has_flag_pie();
                }
                3 => {
                    let text = segment?.split(|&byte| byte == 0).next()?;
                    header.interpreter = Some(String::from_utf8_lossy(text).into_owned());
                }
                _ => {}
            }
        }
        Some(header)
    }
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    bytes: &'a [u8],
    wide: bool,
    big: bool,
}

impl Reader<'_> {
    fn number(&self, at: u64, size: usize) -> Option<u64> {
        let at = usize::try_from(at).ok()?;
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let fold = |number: u64, byte: &u8| (number << 8) | u64::from(*byte);
        Some(if self.big { bytes.iter().fold(0, fold) } else { bytes.iter().rev().fold(0, fold) })
    }

    fn word(&self, at: u64) -> Option<u64> {
        self.number(at, if self.wide { 8 } else { 4 })
    }

    /// `DF_1_PIE` of a dynamic section.
    fn has_flag_pie(&self) -> bool {
        let word = if self.wide { 8 } else { 4 };
        let entries = (0..).step_by(2 * word as usize).map_while(|at| Some((self.word(at)?, self.word(at + word)?)));
        entries.take_while(|(tag, _)| *tag != 0).any(|(tag, value)| tag == 0x6fff_fffb && value & 0x0800_0000 != 0)
    }
}
