//! The certificate table: `WIN_CERTIFICATE` entries at the end of the file.

use serde::Serialize;

use super::authenticode::Authenticode;
use super::header::{Headers, directory};
use crate::facts::fields::Fields;
use crate::facts::{Source, Unreadable};

/// Most entries that are looked at; signing tools write one, secure boot has two or three.
const MOST_ENTRIES: usize = 16;

/// `WIN_CERT_TYPE_PKCS_SIGNED_DATA`.
const PKCS_SIGNED_DATA: u16 = 2;

/// One entry of the certificate table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CertificateEntry {
    /// Offset in the file, in bytes.
    pub offset: u64,
    /// `dwLength`: bytes with the header of eight.
    pub length: u32,
    /// `wRevision`: 0x200 today.
    pub revision: u16,
    /// `wCertificateType`: `pkcs-signed-data`, `x509`, `ts-stack-signed`, `efi-pkcs115`, `efi-guid`.
    pub kind: String,
    /// The Authenticode signature inside.
    pub authenticode: Option<Authenticode>,
    /// Why there is none although there should be: a signature that cannot be read, or an entry that does not lie in the
    /// table, or a table that does not lie in the file.
    pub problem: Option<String>,
}

/// Where the certificate table lies; `None` when there is none. Alone among the directories it is named by its offset
/// in the file, since it is not part of the image in memory.
pub(super) fn place(headers: &Headers) -> Option<(u64, u64)> {
    let table = headers.directory(directory::CERTIFICATE);
    (table.size != 0).then_some((table.at.into(), table.size.into()))
}

/// Reads every entry, and verifies the signatures where that is wanted. Damage to the table becomes a problem, and the one entry that is
/// returned then: the image still starts, but whatever signature it had is no longer one.
///
/// # Errors
/// Only what reading the file says.
pub(super) fn read(
    source: &Source<'_>,
    headers: &Headers,
    verifies: bool,
    problems: &mut Vec<String>,
) -> Result<Vec<CertificateEntry>, Unreadable> {
    let Some((offset, size)) = place(headers) else { return Ok(Vec::new()) };
    match entries(source, offset, size, verifies) {
        Err(damage @ Unreadable::Damaged { .. }) => {
            problems.push(damage.to_string());
            let problem = Some(damage.to_string());
            Ok(vec![CertificateEntry { offset, problem, ..CertificateEntry::default() }])
        }
        other => other,
    }
}

fn entries(source: &Source<'_>, offset: u64, size: u64, verifies: bool) -> Result<Vec<CertificateEntry>, Unreadable> {
    let table = source.read(offset, size, "certificate table")?;
    let fields = Fields::little(&table);
    let mut entries = Vec::new();
    let mut at = 0;
    while let Some(length) = fields.u32(at).filter(|&length| length != 0) {
        let body = (length as usize).checked_sub(8).and_then(|body| fields.slice(at + 8, body));
        let Some(body) = body.filter(|_| entries.len() < MOST_ENTRIES) else {
            let why = format!("an entry of {length} bytes does not fit");
            return Err(Unreadable::damaged("certificate table", offset + at as u64, why));
        };
        let kind = fields.u16(at + 6).unwrap_or(0);
        let mut entry = CertificateEntry {
            offset: offset + at as u64,
            length,
            revision: fields.u16(at + 4).unwrap_or(0),
            kind: kind_name(kind),
            ..CertificateEntry::default()
        };
        if kind == PKCS_SIGNED_DATA {
            entry.authenticode = Authenticode::parse(body, verifies);
            if entry.authenticode.is_none() {
                entry.problem = Some("the signature cannot be read".into());
            }
        }
        entries.push(entry);
        // Entries start at multiples of eight.
        at = at.saturating_add((length as usize).next_multiple_of(8));
    }
    Ok(entries)
}

fn kind_name(kind: u16) -> String {
    let known = match kind {
        1 => "x509",
        PKCS_SIGNED_DATA => "pkcs-signed-data",
        3 => "reserved",
        4 => "ts-stack-signed",
        0x0ef0 => "efi-pkcs115",
        0x0ef1 => "efi-guid",
        other => return format!("unknown-{other:#x}"),
    };
    known.to_owned()
}
