//! Build attributes and MIPS ABI flags: which processor features and float ABI the compiler assumed.
//!
//! "Build Attributes for the Arm Architecture", the RISC-V psABI and GNU's own use one encoding: sections of a vendor, with
//! tags as ULEB128 and values as ULEB128 or strings. Names and values are readelf's.

use super::image::Image;
use crate::facts::Unreadable;
use crate::facts::bytes::{Order, text, until_nul};

/// Bytes of such a section that are read; real ones have less than a hundred.
const LONGEST: u64 = 4096;

/// The attributes known here, in file order.
///
/// # Errors
/// [`Unreadable::Damaged`] when a section does not lie in the file. Attributes that contradict their section end there.
pub(super) fn read(image: &Image<'_>) -> Result<Vec<(String, String)>, Unreadable> {
    let mut found = Vec::new();
    let sections = [(".ARM.attributes", "aeabi"), (".riscv.attributes", "riscv"), (".gnu.attributes", "gnu")];
    for (name, vendor) in sections {
        if let Some(section) = image.section(name) {
            let bytes = image.section_data(section, LONGEST)?;
            vendor_sections(image.order, &bytes, vendor, &mut found);
        }
    }
    if let Some(section) = image.section(".MIPS.abiflags") {
        let bytes = image.section_data(section, LONGEST)?;
        found.extend(mips_abi_flags(&bytes));
    }
    Ok(found)
}

fn vendor_sections(order: Order, bytes: &[u8], vendor: &str, found: &mut Vec<(String, String)>) {
    let Some((b'A', mut rest)) = bytes.split_first().map(|(version, rest)| (*version, rest)) else { return };
    while let Some(length) = order.u32(rest, 0).map(|length| length as usize).filter(|&length| length >= 4) {
        let Some(section) = rest.get(4..length) else { return };
        rest = &rest[length..];
        let name = until_nul(section);
        if name == vendor.as_bytes() {
            scopes(order, section.get(name.len() + 1..).unwrap_or_default(), vendor, found);
        }
    }
}

/// Parts of a vendor's section; only the attributes of the whole file (tag 1) are read.
fn scopes(order: Order, mut rest: &[u8], vendor: &str, found: &mut Vec<(String, String)>) {
    while let (Some(&scope), Some(length)) = (rest.first(), order.u32(rest, 1)) {
        let length = length as usize;
        let Some(body) = rest.get(5..length) else { return };
        rest = &rest[length..];
        if scope == 1 {
            attributes(body, vendor, found);
        }
    }
}

fn attributes(mut rest: &[u8], vendor: &str, found: &mut Vec<(String, String)>) {
    while let Some(tag) = uleb(&mut rest) {
        // A string for these tags; above 32 odd tags have strings and even ones numbers, so that unknown ones can be skipped.
        let is_text = match (vendor, tag) {
            ("aeabi", 4 | 5) => true,
            ("aeabi", ..=31) => false,
            (_, 32) => false,
            _ => tag % 2 == 1,
        };
        if is_text {
            let value = until_nul(rest);
            rest = rest.get(value.len() + 1..).unwrap_or_default();
            found.extend(tag_name(vendor, tag).map(|name| (name.to_owned(), text(value))));
        } else {
            let Some(value) = uleb(&mut rest) else { return };
            if tag == 32 {
                rest = rest.get(until_nul(rest).len() + 1..).unwrap_or_default();
            }
            found.extend(tag_name(vendor, tag).map(|name| (name.to_owned(), value_name(vendor, tag, value))));
        }
    }
}

fn uleb(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn tag_name(vendor: &str, tag: u64) -> Option<&'static str> {
    Some(match (vendor, tag) {
        ("aeabi", 4) => "Tag_CPU_raw_name",
        ("aeabi", 5) => "Tag_CPU_name",
        ("aeabi", 6) => "Tag_CPU_arch",
        ("aeabi", 7) => "Tag_CPU_arch_profile",
        ("aeabi", 8) => "Tag_ARM_ISA_use",
        ("aeabi", 9) => "Tag_THUMB_ISA_use",
        ("aeabi", 10) => "Tag_FP_arch",
        ("aeabi", 12) => "Tag_Advanced_SIMD_arch",
        ("aeabi", 28) => "Tag_ABI_VFP_args",
        ("aeabi", 44) => "Tag_DIV_use",
        ("riscv", 4) => "Tag_RISCV_stack_align",
        ("riscv", 5) => "Tag_RISCV_arch",
        ("riscv", 6) => "Tag_RISCV_unaligned_access",
        ("riscv", 8) => "Tag_RISCV_priv_spec",
        ("riscv", 10) => "Tag_RISCV_priv_spec_minor",
        ("gnu", 4) => "Tag_GNU_MIPS_ABI_FP",
        _ => return None,
    })
}

/// A value by its name; the number where it has none.
fn value_name(vendor: &str, tag: u64, value: u64) -> String {
    let names: &[&str] = match (vendor, tag) {
        ("aeabi", 6) => &[
            "Pre-v4",
            "v4",
            "v4T",
            "v5T",
            "v5TE",
            "v5TEJ",
            "v6",
            "v6KZ",
            "v6T2",
            "v6K",
            "v7",
            "v6-M",
            "v6S-M",
            "v7E-M",
            "v8",
            "v8-R",
            "v8-M.baseline",
            "v8-M.mainline",
            "v8.1-A",
            "v8.2-A",
            "v8.3-A",
            "v8.1-M.mainline",
            "v9",
        ],
        ("aeabi", 8) => &["No", "Yes"],
        ("aeabi", 9) => &["No", "Thumb-1", "Thumb-2", "Yes"],
        ("aeabi", 10) => &[
            "No",
            "VFPv1",
            "VFPv2",
            "VFPv3",
            "VFPv3-D16",
            "VFPv4",
            "VFPv4-D16",
            "FP for ARMv8",
            "FPv5/FP-D16 for ARMv8",
        ],
        ("aeabi", 12) => &["No", "NEONv1", "NEONv1 with Fused-MAC", "NEON for ARMv8", "NEON for ARMv8.1"],
        ("aeabi", 28) => &["AAPCS", "VFP registers", "custom", "compatible"],
        ("aeabi", 7) => {
            return char::from_u32(value as u32).filter(|_| value < 128).map_or(value.to_string(), arm_profile);
        }
        ("riscv", 4) => return format!("{value}-bytes"),
        ("riscv", 6) => &["No unaligned access", "Unaligned access"],
        ("gnu", 4) => return mips_float(value),
        _ => &[],
    };
    let name = usize::try_from(value).ok().and_then(|at| names.get(at));
    name.map_or_else(|| value.to_string(), |name| (*name).to_owned())
}

fn arm_profile(profile: char) -> String {
    match profile {
        'A' => "Application".into(),
        'R' => "Realtime".into(),
        'M' => "Microcontroller".into(),
        'S' => "Application or Realtime".into(),
        '\0' => "None".into(),
        other => (other as u32).to_string(),
    }
}

fn mips_float(value: u64) -> String {
    let names = [
        "Hard or soft float",
        "Hard float (double precision)",
        "Hard float (single precision)",
        "Soft float",
        "Hard float (MIPS32r2 64-bit FPU 12 callee-saved)",
        "Hard float (32-bit CPU, Any FPU)",
        "Hard float (32-bit CPU, 64-bit FPU)",
        "Hard float compat (32-bit CPU, 64-bit FPU)",
    ];
    let name = usize::try_from(value).ok().and_then(|at| names.get(at));
    name.map_or_else(|| value.to_string(), |name| (*name).to_owned())
}

/// `Elf_MIPS_ABIFlags_v0` (MIPS O32 ABI, FR0 and FR1 interlinking).
fn mips_abi_flags(bytes: &[u8]) -> Vec<(String, String)> {
    let &[_, _, level, revision, gpr, cpr1, cpr2, fp, ..] = bytes else { return Vec::new() };
    let isa = if revision <= 1 { format!("MIPS{level}") } else { format!("MIPS{level}r{revision}") };
    let size = |encoded: u8| match encoded {
        1 => "32".to_owned(),
        2 => "64".to_owned(),
        3 => "128".to_owned(),
        _ => "0".to_owned(),
    };
    let pair = |name: &str, value: String| (name.to_owned(), value);
    vec![
        pair("ISA", isa),
        pair("GPR size", size(gpr)),
        pair("CPR1 size", size(cpr1)),
        pair("CPR2 size", size(cpr2)),
        pair("FP ABI", mips_float(fp.into())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const LITTLE: Order = Order { big: false, wide: false };

    /// One vendor's section with file-scope attributes.
    fn section(vendor: &str, attributes: &[u8]) -> Vec<u8> {
        let inner = [&[1], &(attributes.len() as u32 + 5).to_le_bytes()[..], attributes].concat();
        let body = [vendor.as_bytes(), &[0], &inner].concat();
        [b"A", &(body.len() as u32 + 4).to_le_bytes()[..], &body].concat()
    }

    fn read(vendor: &str, attributes: &[u8]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        vendor_sections(LITTLE, &section(vendor, attributes), vendor, &mut found);
        found
    }

    #[test]
    fn arm_tags_by_name() {
        let found = read("aeabi", b"\x057-A\0\x06\x0a\x07A\x1c\x01\x20\x01x\0\x43v\0\x09\x02");
        let expected = [
            ("Tag_CPU_name", "7-A"),
            ("Tag_CPU_arch", "v7"),
            ("Tag_CPU_arch_profile", "Application"),
            ("Tag_ABI_VFP_args", "VFP registers"),
            ("Tag_THUMB_ISA_use", "Thumb-2"),
        ];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn riscv_and_mips() {
        assert_eq!(read("riscv", b"\x04\x10\x05rv64gc\0")[1].1, "rv64gc");
        let flags = mips_abi_flags(&[0, 0, 64, 2, 2, 2, 0, 1]);
        assert_eq!(flags[0], ("ISA".into(), "MIPS64r2".into()));
        assert_eq!(flags[4].1, "Hard float (double precision)");
    }

    #[test]
    fn cut_and_lying_sections_end_quietly() {
        let whole = section("aeabi", b"\x057-A\0\x06\x0a");
        for end in 0..whole.len() {
            vendor_sections(LITTLE, &whole[..end], "aeabi", &mut Vec::new());
        }
        vendor_sections(LITTLE, b"A\xff\xff\xff\xff", "aeabi", &mut Vec::new());
        vendor_sections(LITTLE, b"A\0\0\0\0", "aeabi", &mut Vec::new());
        assert!(mips_abi_flags(&[1, 2]).is_empty());
    }
}
