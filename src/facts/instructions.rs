//! What the machine code of an x86-64 file uses, instruction by instruction. "Uses" is not "needs": a program that asks the CPU
//! first may have code for CPUs that it never runs on.
//!
//! The code is decoded from the start of each executable section to its end. Data between functions is taken for code where it
//! looks like some, so a feature with few instructions may be none. It reads all code, so it is done only when somebody asks.

use std::path::Path;

use iced_x86::{Code, CpuidFeature, Decoder, DecoderOptions, Instruction, Mnemonic};
use serde::Serialize;

use super::{Source, Unreadable, elf};

/// Bytes decoded at once.
const CHUNK: u64 = 1 << 20;
/// Longest instruction, in bytes.
const LONGEST: u64 = 15;

/// The levels of the x86-64 psABI beyond the first, with the features that each adds. `XSAVE` is left out: asking for the state
/// that the system keeps is how a program finds out what it may use.
const LEVELS: &[(&str, &[CpuidFeature])] = &[
    (
        "x86-64-v2",
        &[
            CpuidFeature::CMPXCHG16B,
            CpuidFeature::POPCNT,
            CpuidFeature::SSE3,
            CpuidFeature::SSSE3,
            CpuidFeature::SSE4_1,
            CpuidFeature::SSE4_2,
        ],
    ),
    (
        "x86-64-v3",
        &[
            CpuidFeature::AVX,
            CpuidFeature::AVX2,
            CpuidFeature::BMI1,
            CpuidFeature::BMI2,
            CpuidFeature::F16C,
            CpuidFeature::FMA,
            CpuidFeature::LZCNT,
            CpuidFeature::MOVBE,
        ],
    ),
    (
        "x86-64-v4",
        &[
            CpuidFeature::AVX512F,
            CpuidFeature::AVX512BW,
            CpuidFeature::AVX512CD,
            CpuidFeature::AVX512DQ,
            CpuidFeature::AVX512VL,
        ],
    ),
];

/// Features that belong to no level and that programs choose for speed or secrecy.
const BEYOND: &[CpuidFeature] = &[
    CpuidFeature::ADX,
    CpuidFeature::AES,
    CpuidFeature::AMX_TILE,
    CpuidFeature::AVX512_BF16,
    CpuidFeature::AVX512_BITALG,
    CpuidFeature::AVX512_FP16,
    CpuidFeature::AVX512_IFMA,
    CpuidFeature::AVX512_VBMI,
    CpuidFeature::AVX512_VBMI2,
    CpuidFeature::AVX512_VNNI,
    CpuidFeature::AVX512_VPOPCNTDQ,
    CpuidFeature::AVX_VNNI,
    CpuidFeature::FMA4,
    CpuidFeature::GFNI,
    CpuidFeature::PCLMULQDQ,
    CpuidFeature::RDRAND,
    CpuidFeature::RDSEED,
    CpuidFeature::RTM,
    CpuidFeature::SHA,
    CpuidFeature::SSE4A,
    CpuidFeature::VAES,
    CpuidFeature::VPCLMULQDQ,
];

/// What the code uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Instructions {
    /// The lowest level of the x86-64 psABI that has every instruction of a level.
    pub level: &'static str,
    /// Features beyond the first level, those of levels first.
    pub features: Vec<Feature>,
    /// Some code asks the CPU what it can do (`CPUID`), so it may need less than it uses.
    pub asks_cpu: bool,
    /// Instructions decoded.
    pub decoded: u64,
}

/// A feature of the CPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feature {
    /// Its name, as `AVX2`.
    pub name: String,
    /// The level that brings it; `None` when no level does.
    pub level: Option<&'static str>,
    /// Instructions that use it.
    pub count: u64,
}

/// Scans a file by its path.
///
/// # Errors
/// When it cannot be read, or is damaged.
pub fn scan_file(path: &Path) -> Result<Option<Instructions>, Unreadable> {
    let file = super::open(path)?;
    let source = Source::from_file(&file).map_err(Unreadable::io)?;
    scan(&source)
}

/// Scans the executable sections of an ELF file for x86-64; `None` for any other file.
///
/// # Errors
/// When it cannot be read, or is damaged.
pub fn scan(source: &Source<'_>) -> Result<Option<Instructions>, Unreadable> {
    let Some(ranges) = elf::x86_64_code(source)? else { return Ok(None) };
    let mut seen = Seen::default();
    for (offset, size) in super::ranges::bounded(source.len(), ranges) {
        seen.section(source, offset, size)?;
    }
    Ok(Some(seen.into_instructions()))
}

/// Counts by feature, in the order of [`LEVELS`] and [`BEYOND`].
#[derive(Default)]
struct Seen {
    counts: Vec<(CpuidFeature, u64)>,
    asks_cpu: bool,
    decoded: u64,
}

impl Seen {
    fn section(&mut self, source: &Source<'_>, offset: u64, size: u64) -> Result<(), Unreadable> {
        let mut done = 0;
        while done < size {
            let here = (CHUNK + LONGEST).min(size - done);
            let bytes = source.read(offset + done, here, "code")?;
            // What starts in the overlap is decoded with the next chunk, which has it whole.
            let until = if done + here == size { here } else { CHUNK };
            let mut decoder = Decoder::new(64, &bytes, DecoderOptions::NONE);
            let mut instruction = Instruction::default();
            while decoder.can_decode() && (decoder.position() as u64) < until {
                decoder.decode_out(&mut instruction);
                self.instruction(&instruction);
            }
            done += (decoder.position() as u64).max(1);
        }
        Ok(())
    }

    fn instruction(&mut self, instruction: &Instruction) {
        // `TZCNT` is `BSF` to older CPUs, and compilers write it where either will do.
        if instruction.code() == Code::INVALID || instruction.mnemonic() == Mnemonic::Tzcnt {
            return;
        }
        self.decoded += 1;
        self.asks_cpu |= instruction.mnemonic() == Mnemonic::Cpuid;
        for feature in instruction.cpuid_features() {
            match self.counts.iter_mut().find(|(known, _)| known == feature) {
                Some((_, count)) => *count += 1,
                None => self.counts.push((*feature, 1)),
            }
        }
    }

    fn into_instructions(self) -> Instructions {
        let leveled = LEVELS.iter().flat_map(|(level, features)| features.iter().map(|one| (one, Some(*level))));
        let known = leveled.chain(BEYOND.iter().map(|feature| (feature, None)));
        let counted = |(feature, level): (&CpuidFeature, Option<&'static str>)| {
            let (_, count) = self.counts.iter().find(|(seen, _)| seen == feature)?;
            Some(Feature { name: format!("{feature:?}"), level, count: *count })
        };
        let features: Vec<Feature> = known.filter_map(counted).collect();
        let level = features.iter().filter_map(|feature| feature.level).max().unwrap_or("x86-64-v1");
        Instructions { level, features, asks_cpu: self.asks_cpu, decoded: self.decoded }
    }
}

impl Instructions {
    /// One line: `x86-64-v3 (POPCNT, AVX2), AES beyond it; it asks the CPU, so it may need less`.
    pub fn in_words(&self) -> String {
        let names = |wanted: fn(&Feature) -> bool| {
            self.features.iter().filter(|one| wanted(one)).map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let (of_levels, beyond) = (names(|one| one.level.is_some()), names(|one| one.level.is_none()));
        let mut words = format!("instructions of {}", self.level);
        if !of_levels.is_empty() {
            words.push_str(&format!(" ({of_levels})"));
        }
        if !beyond.is_empty() {
            words.push_str(&format!(", and of no level {beyond}"));
        }
        if self.asks_cpu {
            words.push_str("; it asks the CPU, so it may need less");
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(code: &[u8]) -> Instructions {
        let mut seen = Seen::default();
        seen.section(&Source::from_bytes(code), 0, code.len() as u64).expect("memory can be read");
        seen.into_instructions()
    }

    #[test]
    fn features_are_counted_and_ranked() {
        // popcnt eax, eax; vpaddd ymm0, ymm0, ymm0; aesenc xmm0, xmm0; cpuid; tzcnt eax, eax
        let code = b"\xf3\x0f\xb8\xc0\xc5\xfd\xfe\xc0\x66\x0f\x38\xdc\xc0\x0f\xa2\xf3\x0f\xbc\xc0";
        let found = seen(code);
        assert_eq!((found.level, found.asks_cpu, found.decoded), ("x86-64-v3", true, 4));
        let features: Vec<_> = found.features.iter().map(|one| (one.name.as_str(), one.count)).collect();
        assert_eq!(features, [("POPCNT", 1), ("AVX2", 1), ("AES", 1)]);
        assert_eq!(
            found.in_words(),
            "instructions of x86-64-v3 (POPCNT, AVX2), and of no level AES; it asks the CPU, so it may need less"
        );
    }

    #[test]
    fn plain_code_is_of_the_first_level() {
        let found = seen(b"\xf3\x0f\x1e\xfa\x55\x48\x89\xe5\x0f\x28\xc1\x5d\xc3"); // endbr64 … movaps xmm0, xmm1 …
        assert_eq!((found.level, found.features.len(), found.asks_cpu), ("x86-64-v1", 0, false));
    }

    #[test]
    fn an_instruction_across_chunks_counts_once() {
        let mut code = vec![0x90; CHUNK as usize - 2];
        code.extend(b"\xf3\x0f\xb8\xc0\x90");
        let found = seen(&code);
        assert_eq!((found.features.len(), found.features[0].count), (1, 1));
        assert_eq!(found.decoded, CHUNK);
    }
}
