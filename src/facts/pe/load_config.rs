//! The load configuration directory: security cookie, control flow guard, safe exception handlers.

use serde::Serialize;

use super::header::directory;
use super::image::Image;
use crate::facts::Unreadable;

/// Most bytes of the directory that are read; the fields used end at 208.
const MOST_BYTES: u64 = 4096;

/// The load configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LoadConfig {
    /// Bytes the directory says it has.
    pub size: u32,
    /// `DependentLoadFlags`: where the loader looks for this image's DLLs; 0x800 is `System32` only.
    pub dependent_load_flags: u16,
    /// There is a security cookie (`/GS`).
    pub security_cookie: bool,
    /// Number of safe exception handlers (32-bit x86 only); `None` when there is no table (`/SAFESEH:NO`).
    pub safe_handlers: Option<u64>,
    /// `GuardFlags`, raw; `None` in images older than control flow guard.
    pub guard_flags: Option<u32>,
    /// Names of the `GuardFlags`, without `IMAGE_GUARD_`.
    pub guard_flag_names: Vec<&'static str>,
    /// Number of functions in the control flow guard table.
    pub guard_functions: u64,
    /// There is hybrid metadata: the image also holds code of another architecture (ARM64EC, ARM64X).
    pub hybrid: bool,
}

/// Offsets of the fields, which differ between PE32 and PE32+.
struct Layout {
    dependent_load_flags: usize,
    cookie: usize,
    handlers: usize,
    handler_count: usize,
    guard_count: usize,
    guard_flags: usize,
    hybrid: usize,
}

const PE32: Layout = Layout {
    dependent_load_flags: 54,
    cookie: 60,
    handlers: 64,
    handler_count: 68,
    guard_count: 84,
    guard_flags: 88,
    hybrid: 124,
};

const PE32_PLUS: Layout = Layout {
    dependent_load_flags: 78,
    cookie: 88,
    handlers: 96,
    handler_count: 104,
    guard_count: 136,
    guard_flags: 144,
    hybrid: 200,
};

/// Reads the directory; `None` when there is none.
pub(super) fn read(image: &Image<'_>) -> Result<Option<LoadConfig>, Unreadable> {
    let place = image.directory(directory::LOAD_CONFIG);
    if place.at == 0 {
        return Ok(None);
    }
    let size = image.bytes(place.at, 4, "load configuration")?;
    let size = image.fields(&size).u32(0).unwrap_or(0);
    let data = image.bytes(place.at, u64::from(size).min(MOST_BYTES), "load configuration")?;
    let fields = image.fields(&data);
    let layout = if image.headers.bits == 64 { PE32_PLUS } else { PE32 };
    let guard_flags = fields.u32(layout.guard_flags);
    let has_table = fields.word(layout.handlers).is_some_and(|table| table != 0);
    Ok(Some(LoadConfig {
        size,
        dependent_load_flags: fields.u16(layout.dependent_load_flags).unwrap_or(0),
        security_cookie: fields.word(layout.cookie).is_some_and(|cookie| cookie != 0),
        safe_handlers: fields.word(layout.handler_count).filter(|_| has_table),
        guard_flags,
        guard_flag_names: guard_flag_names(guard_flags.unwrap_or(0)),
        guard_functions: fields.word(layout.guard_count).unwrap_or(0),
        hybrid: fields.word(layout.hybrid).is_some_and(|pointer| pointer != 0),
    }))
}

fn guard_flag_names(flags: u32) -> Vec<&'static str> {
    const NAMES: [(u32, &str); 16] = [
        (0x0000_0100, "CF_INSTRUMENTED"),
        (0x0000_0200, "CFW_INSTRUMENTED"),
        (0x0000_0400, "CF_FUNCTION_TABLE_PRESENT"),
        (0x0000_0800, "SECURITY_COOKIE_UNUSED"),
        (0x0000_1000, "PROTECT_DELAYLOAD_IAT"),
        (0x0000_2000, "DELAYLOAD_IAT_IN_ITS_OWN_SECTION"),
        (0x0000_4000, "CF_EXPORT_SUPPRESSION_INFO_PRESENT"),
        (0x0000_8000, "CF_ENABLE_EXPORT_SUPPRESSION"),
        (0x0001_0000, "CF_LONGJUMP_TABLE_PRESENT"),
        (0x0002_0000, "RF_INSTRUMENTED"),
        (0x0004_0000, "RF_ENABLE"),
        (0x0008_0000, "RF_STRICT"),
        (0x0010_0000, "RETPOLINE_PRESENT"),
        (0x0040_0000, "EH_CONTINUATION_TABLE_PRESENT"),
        (0x0080_0000, "XFG_ENABLED"),
        (0x0100_0000, "CASTGUARD_PRESENT"),
    ];
    NAMES.iter().filter(|&&(bit, _)| flags & bit != 0).map(|&(_, name)| name).collect()
}
