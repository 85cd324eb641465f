//! Parts that a static glibc still loads at run time: name service modules, character set converters, shared objects.
//!
//! Every static glibc carries the code that opens converters and shared objects, whether the program uses it or not; so the
//! names and messages of that code prove nothing, and neither do its symbols. What tells:
//! * `nss`: the names of the modules (`libnss_…`) come with `getaddrinfo`, `getpwnam` and their like only;
//! * `iconv`: the assertion of `iconv()` comes with that function only, which nothing else in the library calls;
//! * `dlopen`: code outside of the function refers to it. The function is found from its message, so this works stripped.

use std::cell::Cell;
use std::fmt;
use std::ops::ControlFlow;

use goblin::elf::section_header::SHT_SYMTAB;
use serde::{Serialize, Serializer};

use super::code::{Code, Reference};
use super::strings::{Found, MARGIN, Means, search, search_in};
use crate::facts::Unreadable;
use crate::facts::elf::image::Image;

const ICONV: &str = "iconv_open";
/// Functions of the name service switch that programs call by these names, and `iconv_open`.
const NAMED: [&str; 14] = [
    "getaddrinfo",
    "getnameinfo",
    "gethostbyname",
    "gethostbyname_r",
    "gethostbyname2_r",
    "gethostbyaddr",
    "getpwnam",
    "getpwnam_r",
    "getpwuid",
    "getpwuid_r",
    "getgrnam",
    "getgrnam_r",
    "getgrgid_r",
    ICONV,
];
/// The function that gives the message does so within this many bytes of its start, and ends as soon after it.
const TO_MESSAGE: u64 = 0x100;
const AFTER_MESSAGE: u64 = 0x20;
/// `dlopen` passes that function on within this many bytes of its start.
const TO_WORKER: u64 = 0x30;
/// Functions start at multiples of this, in glibc as it is compiled everywhere.
const ALIGNMENT: u64 = 16;
/// Occurrences kept of one string.
const MOST: usize = 64;

/// Bytes at the end of the constants in which those of the library lie, which is linked last.
const OF_LIBRARY: u64 = 256 * 1024;
/// Of these so many are searched at a time: as a rule both names lie in the last piece (75 to 85 KiB before the end with glibc 2.36).
const PIECE: u64 = 96 * 1024;
/// The names of the modules lie before `GLIBC_TUNABLES` within so many bytes (3 to 6 KiB in programs with glibc 2.36).
const APART: u64 = 16 * 1024;
/// And so does the assertion of `iconv()` (18 to 26 KiB there).
const FAR: u64 = 64 * 1024;

/// What the assertion of `iconv()` shows.
const CONVERTS: RuntimePart = RuntimePart::Iconv { function: "iconv()" };

/// A part of a static glibc that is loaded at run time. As text and as JSON: `name: what shows it`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuntimePart {
    /// Modules of the name service switch.
    Nss {
        /// Functions that open them and are linked in; none where no symbol table names any.
        functions: Vec<&'static str>,
        /// Their name, as the program has it: `libnss_%s`.
        modules: String,
    },
    /// Character set converters.
    Iconv {
        /// What shows it: a name of the symbol table, or a function by its assertion.
        function: &'static str,
    },
    /// Shared objects.
    Dlopen {
        /// Virtual address of the code that refers to `dlopen`.
        caller: u64,
    },
}

impl fmt::Display for RuntimePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuntimePart::Nss { functions, modules } => {
                f.write_str("nss: ")?;
                if !functions.is_empty() {
                    write!(f, "{} are linked in, and ", functions.join(", "))?;
                }
                write!(f, "the modules are opened as \"{modules}\"")
            }
            RuntimePart::Iconv { function } => {
                write!(f, "iconv: {function} is linked in, and opens converters named in gconv-modules")
            }
            RuntimePart::Dlopen { caller } => write!(f, "dlopen: code at {caller:#x} refers to dlopen()"),
        }
    }
}

impl Serialize for RuntimePart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The parts; without `all` those alone that rules ask for, [`RuntimePart::Nss`] and [`RuntimePart::Iconv`], which need no look at the
/// code.
///
/// # Errors
/// What reading gives.
pub(super) fn runtime_parts(image: &Image<'_>, all: bool) -> Result<Vec<RuntimePart>, Unreadable> {
    let of_library = if all { None } else { parts_of_library(image) };
    if let Some(OfLibrary { modules: Some(modules), converts }) = of_library {
        let nss = nss(&named_functions(image)?, modules);
        return Ok([Some(nss), converts.then_some(CONVERTS)].into_iter().flatten().collect());
    }
    let mut found: Vec<Found> = Vec::new();
    let wanted: fn(Means) -> bool = match (all, &of_library) {
        (true, _) => |means| matches!(means, Means::Glibc(0) | Means::Nss | Means::Iconv | Means::Dlopen),
        (_, None) => |means| matches!(means, Means::Glibc(0) | Means::Nss | Means::Iconv),
        (_, Some(_)) => |means| matches!(means, Means::Glibc(0) | Means::Nss),
    };
    search(image, wanted, |one| {
        if found.iter().filter(|other| other.means == one.means).count() < MOST {
            found.push(one);
        }
        ControlFlow::Continue(())
    })?;
    let with = |means| found.iter().filter(move |one| one.means == means).collect::<Vec<_>>();
    let code = Code::open(image);
    // A static program that carries another one as data has its strings twice; only referenced ones are its own.
    let has_copies = with(Means::Glibc(0)).len() > 1;
    let own = |strings: Vec<&Found>| -> Result<Option<String>, Unreadable> {
        let own = match &code {
            Some(code) if has_copies => {
                let references = code.references_to(&addresses(&strings))?;
                strings.into_iter().find(|one| references.iter().any(|reference| reference.to == one.address))
            }
            _ => strings.into_iter().next(),
        };
        Ok(own.map(|one| String::from_utf8_lossy(&one.text).into_owned()))
    };
    let modules = own(with(Means::Nss))?;
    let names = if all || modules.is_some() { named_functions(image)? } else { Vec::new() };
    let mut parts: Vec<RuntimePart> = modules.into_iter().map(|modules| nss(&names, modules)).collect();
    if all && names.contains(&ICONV) {
        parts.push(RuntimePart::Iconv { function: ICONV });
    } else if of_library.is_some_and(|library| library.converts) || own(with(Means::Iconv))?.is_some() {
        parts.push(CONVERTS);
    }
    if all
        && let Some(code) = &code
        && let Some(caller) = dlopen_caller(code, &with(Means::Dlopen))?
    {
        parts.push(RuntimePart::Dlopen { caller });
    }
    Ok(parts)
}

/// The part that opens modules of this name.
fn nss(names: &[&'static str], modules: String) -> RuntimePart {
    RuntimePart::Nss { functions: names.iter().copied().filter(|name| *name != ICONV).collect(), modules }
}

/// What lies close to `GLIBC_TUNABLES` at the end of the constants.
struct OfLibrary {
    /// The name of the modules.
    modules: Option<String>,
    /// The assertion of `iconv()` is there.
    converts: bool,
}

/// The name of the modules and the assertion of `iconv()`, where they lie close to `GLIBC_TUNABLES` at the end of the constants. GNU ld
/// keeps constants in the order of the objects, and of those the library's are last: what lies there is no program's that is carried as
/// data. Other linkers sort strings; they put constants before the code, or leave a note (gold). `None` says that all has to be searched.
fn parts_of_library(image: &Image<'_>) -> Option<OfLibrary> {
    let (Some(code), Some(section)) = (image.section(".text"), image.section(".rodata")) else { return None };
    if section.header.sh_addr < code.header.sh_addr || image.section(".note.gnu.gold-version").is_some() {
        return None;
    }
    let header = section.header;
    let size = header.sh_size.min(OF_LIBRARY);
    let first = header.sh_size - size;
    let (mut found, tunables) = (Vec::new(), Cell::new(None));
    // From the end on, until all lies behind that can be close.
    let mut left = size;
    let pieces = std::iter::from_fn(|| {
        let is_enough = |at: u64| at.checked_sub(header.sh_addr).is_some_and(|at| at >= first + left + FAR);
        if left == 0 || tunables.get().is_some_and(is_enough) {
            return None;
        }
        let end = left;
        left = end.saturating_sub(PIECE);
        let length = (end + MARGIN as u64).min(size) - left;
        Some((header.sh_addr.wrapping_add(first + left), header.sh_offset.saturating_add(first + left), length))
    });
    let searched = search_in(
        image,
        pieces,
        |means| matches!(means, Means::Glibc(0) | Means::Nss | Means::Iconv),
        |one| {
            match one.means {
                Means::Nss | Means::Iconv => found.push(one),
                _ => tunables.set(tunables.get().max(Some(one.address))),
            }
            ControlFlow::Continue(())
        },
    );
    // A section header may point anywhere, and the loader does not look at it.
    let (Ok(()), Some(tunables)) = (searched, tunables.get()) else { return None };
    let within = |one: &Found, most| tunables.checked_sub(one.address).is_some_and(|apart| apart < most);
    let modules = found.iter().find(|one| one.means == Means::Nss && within(one, APART));
    Some(OfLibrary {
        modules: modules.map(|one| String::from_utf8_lossy(&one.text).into_owned()),
        converts: found.iter().any(|one| one.means == Means::Iconv && within(one, FAR)),
    })
}

fn addresses(strings: &[&Found]) -> Vec<u64> {
    strings.iter().map(|string| string.address).collect()
}

/// Where code outside of `dlopen` refers to it: message → the function that gives it → `dlopen`, which passes that
/// function on → whoever calls `dlopen`.
fn dlopen_caller(code: &Code<'_, '_>, messages: &[&Found]) -> Result<Option<u64>, Unreadable> {
    let starts_before = |at: u64, distance: u64| -> Result<Vec<Reference>, Unreadable> {
        let mut all = code.references(at.saturating_sub(distance)..=at)?;
        all.retain(|reference| reference.to.is_multiple_of(ALIGNMENT));
        Ok(all)
    };
    for gives in code.references_to(&addresses(messages))? {
        let near = starts_before(gives.from, TO_MESSAGE)?;
        let Some(worker) = near.iter().map(|reference| reference.to).max() else { continue };
        let is_outside =
            |reference: &&Reference| reference.from < worker || reference.from > gives.from + AFTER_MESSAGE;
        for passes_on in near.iter().filter(|reference| reference.to == worker).filter(is_outside) {
            let calls = starts_before(passes_on.from, TO_WORKER)?;
            if let Some(call) = calls.iter().find(|call| call.from.abs_diff(passes_on.from) > TO_MESSAGE) {
                return Ok(Some(call.from));
            }
        }
    }
    Ok(None)
}

/// Which of [`NAMED`] the symbol table defines.
fn named_functions(image: &Image<'_>) -> Result<Vec<&'static str>, Unreadable> {
    let Some(table) = image.section_headers().iter().find(|section| section.sh_type == SHT_SYMTAB) else {
        return Ok(Vec::new());
    };
    let mut present = [false; NAMED.len()];
    image.each_symbol(table, |name| {
        if let Some(index) = NAMED.iter().position(|known| known.as_bytes() == name) {
            present[index] = true;
        }
    })?;
    Ok(NAMED.iter().zip(present).filter_map(|(name, present)| present.then_some(*name)).collect())
}
