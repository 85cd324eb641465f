//! Thread local storage, bound imports, and what lies behind the last section.

use serde::Serialize;

use super::header::directory;
use super::image::Image;
use crate::facts::Unreadable;
use crate::facts::bytes::{text, until_nul};
use crate::facts::fields::Fields;

/// Most callbacks that are counted.
const MOST_CALLBACKS: u32 = 1024;

/// Most bytes of the bound import table that are read.
const MOST_BOUND: u32 = 64 * 1024;

/// Longest name of a bound DLL that is read, in bytes (`MAX_PATH`).
const MOST_NAME: usize = 260;

/// The TLS directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tls {
    /// Bytes of the template that are copied for each thread.
    pub template_size: u64,
    /// Functions that run before the entry point and at every thread's start and end.
    pub callbacks: u32,
}

/// Reads the TLS directory; `None` when there is none.
pub(super) fn tls(image: &Image<'_>) -> Result<Option<Tls>, Unreadable> {
    let place = image.directory(directory::TLS);
    if place.at == 0 {
        return Ok(None);
    }
    let width = u64::from(image.headers.bits / 8);
    let head = image.bytes(place.at, 4 * width, "TLS directory")?;
    let word = |index: usize| image.fields(&head).word(index * width as usize).unwrap_or(0);
    let mut tls = Tls { template_size: word(1).saturating_sub(word(0)), callbacks: 0 };
    // The fields are addresses, not RVAs.
    let callbacks = word(3).checked_sub(image.headers.image_base).and_then(|rva| u32::try_from(rva).ok());
    let Some(callbacks) = callbacks.filter(|_| word(3) != 0) else { return Ok(Some(tls)) };
    while tls.callbacks < MOST_CALLBACKS {
        let at = callbacks.saturating_add(tls.callbacks * width as u32);
        let callback = image.bytes(at, width, "TLS callbacks")?;
        if image.fields(&callback).word(0) == Some(0) {
            break;
        }
        tls.callbacks += 1;
    }
    Ok(Some(tls))
}

/// DLLs whose functions' addresses were written into the file ahead of time, as `name` in lower case; Windows ignores
/// them since address space layout randomisation.
pub(super) fn bound_imports(image: &Image<'_>) -> Result<Vec<String>, Unreadable> {
    let place = image.directory(directory::BOUND_IMPORT);
    if place.at == 0 || place.size == 0 {
        return Ok(Vec::new());
    }
    let table = image.bytes(place.at, place.size.min(MOST_BOUND).into(), "bound import table")?;
    let fields = Fields::little(&table);
    let mut names = Vec::new();
    let mut at = 0;
    while let (Some(stamp), Some(name), Some(forwarders)) = (fields.u32(at), fields.u16(at + 4), fields.u16(at + 6)) {
        if stamp == 0 && name == 0 {
            break;
        }
        // Names may lie over each other.
        let name = fields.from(name.into()).map_or(&[][..], Fields::data);
        let name = until_nul(&name[..name.len().min(MOST_NAME)]);
        names.push(text(name).to_ascii_lowercase());
        at += 8 + usize::from(forwarders) * 8;
    }
    Ok(names)
}

/// Bytes behind the last section that are not the certificate table: installers and archives put their payload there.
pub(super) fn overlay_size(image: &Image<'_>, file: u64) -> u64 {
    let end_of = |section: &super::Section| match section.file_size {
        0 => 0,
        size => u64::from(section.file_offset) + u64::from(size),
    };
    let sections = image.headers.sections.iter().map(end_of).max().unwrap_or(0);
    let end = sections.max(image.headers.headers_size.into());
    let certificates = image.directory(directory::CERTIFICATE);
    let inside = u64::from(certificates.at) >= end;
    file.saturating_sub(end).saturating_sub(if inside { certificates.size.into() } else { 0 })
}
