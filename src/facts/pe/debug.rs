//! The debug directory: PDB path, extended DLL characteristics, reproducible builds.

use serde::Serialize;

use super::header::directory;
use super::image::Image;
use crate::facts::Unreadable;
use crate::facts::bytes::hex;
use crate::facts::fields::Fields;

/// Length of one entry.
const ENTRY: usize = 28;

/// Most bytes of the directory that are read; a linker writes fewer than ten entries.
const MOST_BYTES: u32 = 64 * ENTRY as u32;

/// Most bytes of a CodeView record that are read: its header and a path.
const MOST_PATH: u64 = 4096;

const WHAT: &str = "debug directory";

/// What the debug directory says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Debug {
    /// `Type` of each entry: 2 CodeView, 12 VC_FEATURE, 13 POGO, 14 ILTCG, 16 REPRO, 20 EX_DLLCHARACTERISTICS.
    pub types: Vec<u32>,
    /// The program database, from the CodeView entry.
    pub pdb: Option<Pdb>,
    /// `IMAGE_DLLCHARACTERISTICS_EX_*`, raw.
    pub extended_dll_characteristics: Option<u32>,
    /// Names of the extended characteristics, without their prefix: `CET_COMPAT` …
    pub extended_dll_characteristic_names: Vec<&'static str>,
    /// A REPRO entry: the time stamps are hashes of the contents (`/Brepro`).
    pub reproducible: bool,
}

/// A reference to a program database.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Pdb {
    /// Its path, as the linker wrote it.
    pub path: String,
    /// GUID in the order of its bytes (or the older 32-bit signature), in hex.
    pub signature: String,
    /// Age.
    pub age: u32,
}

/// Reads the directory; everything empty when there is none.
pub(super) fn read(image: &Image<'_>) -> Result<Debug, Unreadable> {
    let place = image.directory(directory::DEBUG);
    let mut debug = Debug::default();
    if place.at == 0 {
        return Ok(debug);
    }
    let table = image.bytes(place.at, place.size.min(MOST_BYTES).into(), WHAT)?;
    for entry in table.chunks_exact(ENTRY) {
        let entry = Fields::little(entry);
        let field = |at| entry.u32(at).unwrap_or(0);
        let (kind, size, offset) = (field(12), u64::from(field(16)), u64::from(field(24)));
        debug.types.push(kind);
        match kind {
            2 if debug.pdb.is_none() && size > 0 => {
                debug.pdb = pdb(Fields::little(&image.tables.bytes(offset, size.min(MOST_PATH), WHAT)?));
            }
            16 => debug.reproducible = true,
            20 if size >= 4 => {
                let bits = Fields::little(&image.tables.bytes(offset, 4, WHAT)?).u32(0);
                debug.extended_dll_characteristics = bits;
                debug.extended_dll_characteristic_names = extended_names(bits.unwrap_or(0));
            }
            _ => {}
        }
    }
    Ok(debug)
}

fn pdb(record: Fields<'_>) -> Option<Pdb> {
    let (signature, path) = match record.slice(0, 4)? {
        b"RSDS" => (4..20, 24),
        b"NB10" => (8..12, 16),
        _ => return None,
    };
    Some(Pdb {
        path: record.text(path)?,
        age: record.u32(signature.end)?,
        signature: hex(record.slice(signature.start, signature.len())?),
    })
}

fn extended_names(bits: u32) -> Vec<&'static str> {
    const NAMES: [(u32, &str); 6] = [
        (0x01, "CET_COMPAT"),
        (0x02, "CET_COMPAT_STRICT_MODE"),
        (0x04, "CET_SET_CONTEXT_IP_VALIDATION_RELAXED_MODE"),
        (0x08, "CET_DYNAMIC_APIS_ALLOW_IN_PROC_ONLY"),
        (0x40, "FORWARD_CFI_COMPAT"),
        (0x80, "HOTPATCH_COMPATIBLE"),
    ];
    NAMES.iter().filter(|&&(bit, _)| bits & bit != 0).map(|&(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_codeview_name_their_pdb() {
        let new = [b"RSDS".as_slice(), &[0xab; 16], &[7, 0, 0, 0], b"C:\\a.pdb\0"].concat();
        let pdb70 = pdb(Fields::little(&new)).unwrap();
        assert_eq!((pdb70.path.as_str(), pdb70.age, pdb70.signature.len()), ("C:\\a.pdb", 7, 32));
        let old = [b"NB10".as_slice(), &[0; 4], &[1, 2, 3, 4], &[9, 0, 0, 0], b"b.pdb\0"].concat();
        let pdb20 = pdb(Fields::little(&old)).unwrap();
        assert_eq!((pdb20.path.as_str(), pdb20.age, pdb20.signature.as_str()), ("b.pdb", 9, "01020304"));
        assert_eq!(pdb(Fields::little(b"RSDS")), None);
    }
}
