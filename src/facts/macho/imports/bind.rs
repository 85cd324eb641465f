//! The bind opcodes of `LC_DYLD_INFO` (`BIND_OPCODE_*` in `mach-o/loader.h`): a program for a small machine, of which
//! only the symbol and the library at each bind matter here.

use goblin::mach::bind_opcodes as op;

use super::{Collector, Origin};
use crate::facts::Unreadable;
use crate::facts::bytes::{text, until_nul};

/// Runs one stream; lazy streams hold a `DONE` after every symbol, so it does not end the reading.
pub(super) fn read(stream: &[u8], offset: u64, collector: &mut Collector) -> Result<(), Unreadable> {
    let mut machine = Machine { stream, at: 0, ordinal: 0, name: String::new(), weak: false, fresh: false };
    while let Some(&byte) = machine.stream.get(machine.at) {
        let at = machine.at;
        machine.at += 1;
        let damaged = |why: &str| Unreadable::damaged("bind opcodes", offset + at as u64, why);
        let binds = machine.step(byte).ok_or_else(|| damaged("cut off"))?;
        // Without a new symbol or library a bind says nothing new.
        if binds && std::mem::take(&mut machine.fresh) {
            let origin = Origin::from_ordinal(machine.ordinal).ok_or_else(|| damaged("a library that is not known"))?;
            collector.add(origin, &machine.name, machine.weak)?;
        }
    }
    Ok(())
}

struct Machine<'a> {
    stream: &'a [u8],
    at: usize,
    ordinal: i64,
    name: String,
    weak: bool,
    /// The symbol or its library changed since the last bind.
    fresh: bool,
}

impl Machine<'_> {
    /// Takes one opcode; `Some(true)` when it binds, `None` when its operands are cut off.
    fn step(&mut self, byte: u8) -> Option<bool> {
        let immediate = byte & op::BIND_IMMEDIATE_MASK;
        match byte & op::BIND_OPCODE_MASK {
            op::BIND_OPCODE_SET_DYLIB_ORDINAL_IMM => self.set_ordinal(immediate.into()),
            op::BIND_OPCODE_SET_DYLIB_ORDINAL_ULEB => {
                let ordinal = self.uleb()?;
                self.set_ordinal(i64::try_from(ordinal).ok()?);
            }
            // The immediate is the low half of a negative byte; 0 stays 0.
            op::BIND_OPCODE_SET_DYLIB_SPECIAL_IMM if immediate != 0 => {
                self.set_ordinal(i64::from((immediate | 0xf0) as i8));
            }
            op::BIND_OPCODE_SET_DYLIB_SPECIAL_IMM => self.set_ordinal(0),
            op::BIND_OPCODE_SET_SYMBOL_TRAILING_FLAGS_IMM => {
                let rest = self.stream.get(self.at..)?;
                let name = until_nul(rest);
                if name.len() == rest.len() {
                    return None;
                }
                self.name = text(name);
                self.at += name.len() + 1;
                self.weak = immediate & 1 != 0;
                self.fresh = true;
            }
            op::BIND_OPCODE_DO_BIND | op::BIND_OPCODE_DO_BIND_ADD_ADDR_IMM_SCALED => return Some(true),
            op::BIND_OPCODE_DO_BIND_ADD_ADDR_ULEB => return self.uleb().map(|_| true),
            op::BIND_OPCODE_DO_BIND_ULEB_TIMES_SKIPPING_ULEB => {
                self.uleb()?;
                return self.uleb().map(|_| true);
            }
            op::BIND_OPCODE_SET_ADDEND_SLEB
            | op::BIND_OPCODE_SET_SEGMENT_AND_OFFSET_ULEB
            | op::BIND_OPCODE_ADD_ADDR_ULEB => drop(self.uleb()?),
            // BIND_OPCODE_THREADED: its first form has the size of a table as operand.
            0xd0 if immediate == 0 => drop(self.uleb()?),
            _ => {}
        }
        Some(false)
    }

    fn set_ordinal(&mut self, ordinal: i64) {
        self.fresh |= self.ordinal != ordinal;
        self.ordinal = ordinal;
    }

    /// A ULEB128 (or the extent of an SLEB128); bits beyond 64 are dropped.
    fn uleb(&mut self) -> Option<u64> {
        let mut value = 0u64;
        let mut shift = 0u32;
        loop {
            let byte = *self.stream.get(self.at)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            shift = shift.saturating_add(7);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Budget;
    use super::*;

    fn run(stream: &[u8]) -> Result<Vec<(String, bool, Origin)>, Unreadable> {
        let mut collector = Collector { budget: Budget::for_file(1000), names: Vec::new(), seen: Default::default() };
        read(stream, 0, &mut collector).map(|()| collector.names)
    }

    #[test]
    fn symbols_come_with_their_library_once() {
        let stream =
            [0x11, 0x40, b'_', b'a', 0, 0x70, 0x80, 0x01, 0x90, 0x90, 0x3e, 0x41, b'_', b'b', 0, 0xc0, 5, 8, 0];
        let expected = [("_a".to_owned(), false, Origin::Library(1)), ("_b".to_owned(), true, Origin::Flat)];
        assert_eq!(run(&stream).unwrap(), expected);
    }

    #[test]
    fn one_long_name_is_not_bound_without_end() {
        // A name of 1,000 bytes, then 100 times: from library 1, from library 2.
        let stream = [&[0x40][..], &[b'a'; 1000], &[0], &[0x11, 0x90, 0x12, 0x90].repeat(100)].concat();
        let error = run(&stream).unwrap_err().to_string();
        assert!(error.contains("the tables overlap without end"), "{error}");
    }

    #[test]
    fn cut_off_operands_are_damage() {
        for stream in [[0x20, 0x80].as_slice(), &[0x40, b'_'], &[0xc0, 1]] {
            assert!(run(stream).is_err(), "{stream:x?}");
        }
    }
}
