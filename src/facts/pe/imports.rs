//! Import tables, ordinary and delayed.

use std::collections::HashMap;

use super::DllImport;
use super::header::directory;
use super::image::Image;
use crate::facts::Unreadable;

/// DLLs whose import libraries bind by number, with the names behind the numbers.
const ORDINALS: &str = include_str!("../../../data/windows-ordinals.tsv");

/// Entries of a thunk table that are read at once.
const CHUNK: u32 = 64;

/// Most functions in one table that are believed; the largest programs import some thousands.
const MOST_FUNCTIONS: usize = 200_000;

/// Most DLLs that are believed; large programs have a hundred.
const MOST_DLLS: usize = 4096;

/// The ordinary import table: every one of these is loaded before the program starts.
pub(super) fn imports(image: &Image<'_>) -> Result<Vec<DllImport>, Unreadable> {
    let table = image.directory(directory::IMPORT);
    descriptors(image, table.at, 20, "import table", |descriptor| {
        let field = |at| image.fields(descriptor).u32(at).unwrap_or(0);
        let (lookup, name, address) = (field(0), field(12), field(16));
        // Old linkers (Borland, Watcom) and packers leave the lookup table out and fill the address table instead.
        let thunks = if lookup == 0 { address } else { lookup };
        // The loader stops at the first descriptor without a name or without an address table.
        (name != 0 && address != 0).then_some(Descriptor { name, thunks, bias: 0 })
    })
}

/// The delay import table: loaded when a function is first called.
pub(super) fn delay_imports(image: &Image<'_>) -> Result<Vec<DllImport>, Unreadable> {
    let table = image.directory(directory::DELAY_IMPORT);
    descriptors(image, table.at, 32, "delay import table", |descriptor| {
        let field = |at| image.fields(descriptor).u32(at).unwrap_or(0);
        let (attributes, name, thunks) = (field(0), field(4), field(16));
        // Visual C++ 6.0 wrote addresses instead of RVAs and left the attribute at 0.
        let bias = if attributes & 1 == 0 { image.headers.image_base as u32 } else { 0 };
        let rva = |address: u32| address.wrapping_sub(bias);
        (name != 0).then(|| Descriptor { name: rva(name), thunks: rva(thunks), bias })
    })
}

/// What one descriptor says, as RVAs.
struct Descriptor {
    name: u32,
    thunks: u32,
    /// Subtracted from addresses to make RVAs.
    bias: u32,
}

fn descriptors(
    image: &Image<'_>,
    table: u32,
    size: u32,
    what: &str,
    parse: impl Fn(&[u8]) -> Option<Descriptor>,
) -> Result<Vec<DllImport>, Unreadable> {
    let mut imports = Vec::new();
    if table == 0 {
        return Ok(imports);
    }
    let (mut at, mut count) = (table, 0);
    while let Some(descriptor) = parse(&image.bytes(at, size.into(), what)?) {
        let dll = image.text(descriptor.name, what)?.to_ascii_lowercase();
        let functions = functions(image, &descriptor, what)?;
        count += functions.len();
        if count > MOST_FUNCTIONS || imports.len() >= MOST_DLLS {
            return Err(endless(at, what));
        }
        let by_number = functions.iter().any(|function| function.starts_with('#'));
        let known = if by_number { Ordinals::of(&dll) } else { Ordinals::default() };
        let functions = functions.into_iter().map(|function| known.named(function)).collect();
        imports.push(DllImport { dll, functions });
        at = at.checked_add(size).ok_or_else(|| endless(at, what))?;
    }
    Ok(imports)
}

/// The functions of one DLL that may be imported by number, by their number.
#[derive(Default)]
struct Ordinals(HashMap<&'static str, &'static str>);

impl Ordinals {
    fn of(dll: &str) -> Self {
        let of_dll = ORDINALS.lines().filter_map(|row| row.strip_prefix(dll)?.strip_prefix('\t'));
        Ordinals(of_dll.filter_map(|row| row.split_once('\t')).collect())
    }

    /// The name of a function imported by a number that is a contract of its DLL; otherwise the import as it is.
    fn named(&self, function: String) -> String {
        match function.strip_prefix('#').and_then(|ordinal| self.0.get(ordinal)) {
            Some(name) => (*name).to_owned(),
            None => function,
        }
    }
}

fn functions(image: &Image<'_>, descriptor: &Descriptor, what: &str) -> Result<Vec<String>, Unreadable> {
    let width = u32::from(image.headers.bits / 8);
    let mut functions = Vec::new();
    let mut at = descriptor.thunks;
    while at != 0 {
        let chunk = chunk(image, at, width, what)?;
        for thunk in chunk.chunks_exact(width as usize) {
            let thunk = image.fields(thunk).word(0).unwrap_or(0);
            if thunk == 0 {
                return Ok(functions);
            }
            functions.push(function(image, thunk, descriptor.bias, what)?);
        }
        if functions.len() > MOST_FUNCTIONS {
            return Err(endless(at, what));
        }
        at = at.checked_add(chunk.len() as u32).ok_or_else(|| endless(at, what))?;
    }
    Ok(functions)
}

fn endless(at: u32, what: &str) -> Unreadable {
    Unreadable::damaged(what, at.into(), "it does not end")
}

/// Some thunks from `at`, at least one; no more than lie in the file, since the table may end with its section.
fn chunk(image: &Image<'_>, at: u32, width: u32, what: &str) -> Result<Vec<u8>, Unreadable> {
    let in_file = image.place(at).map_or(0, |(_, in_file)| in_file);
    let whole = in_file / u64::from(width) * u64::from(width);
    image.bytes(at, u64::from(CHUNK * width).min(whole).max(width.into()), what)
}

/// The function of one thunk: `#12` by ordinal, else the name behind its 16-bit hint.
fn function(image: &Image<'_>, thunk: u64, bias: u32, what: &str) -> Result<String, Unreadable> {
    if thunk >> (image.headers.bits - 1) == 1 {
        return Ok(format!("#{}", thunk & 0xffff));
    }
    let hint = (thunk as u32 & 0x7fff_ffff).wrapping_sub(bias);
    image.text(hint.wrapping_add(2), what)
}

#[cfg(test)]
mod tests {
    use super::Ordinals;

    fn named(dll: &str, function: &str) -> String {
        Ordinals::of(dll).named(function.into())
    }

    #[test]
    fn numbers_that_are_a_contract_are_named() {
        assert_eq!(named("ws2_32.dll", "#115"), "WSAStartup");
        assert_eq!(named("oleaut32.dll", "#2"), "SysAllocString");
        assert_eq!(named("ws2_32.dll", "#9999"), "#9999");
        assert_eq!(named("my.dll", "#115"), "#115");
        assert_eq!(named("ws2_32.dll", "send"), "send");
    }
}
