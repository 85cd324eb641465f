//! Changes single bytes of ELF64 files that no linker would write, found through the section headers.

use std::path::Path;

/// A little-endian ELF64 file in memory.
pub(crate) struct Patch {
    bytes: Vec<u8>,
}

impl Patch {
    /// Reads the file, lets `change` work on it, and writes it back.
    pub(crate) fn file(path: &Path, change: impl FnOnce(&mut Patch)) {
        let mut patch = Patch { bytes: std::fs::read(path).expect("the file") };
        change(&mut patch);
        std::fs::write(path, patch.bytes).expect("the file is written");
    }

    /// Makes it a file for another machine (`e_machine`).
    pub(crate) fn machine(&mut self, machine: u16) {
        self.bytes[18..20].copy_from_slice(&machine.to_le_bytes());
    }

    /// Writes one byte of the header.
    pub(crate) fn header(&mut self, at: usize, value: u8) {
        self.bytes[at] = value;
    }

    /// Leaves nothing of a text.
    pub(crate) fn empty(&mut self, text: &str) {
        let at = self.bytes.windows(text.len()).position(|bytes| bytes == text.as_bytes()).expect("the text is there");
        self.bytes[at] = 0;
    }

    /// Makes a dynamic symbol `STV_HIDDEN`.
    pub(crate) fn hide(&mut self, name: &str) {
        let at = self.symbol(name);
        let (dynsym, _) = self.section(".dynsym");
        self.bytes[dynsym + at * 24 + 5] = 2;
    }

    /// Cuts the file off.
    pub(crate) fn cut(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// Turns every program header of one type into one that nobody knows.
    pub(crate) fn forget_segment(&mut self, kind: u32) {
        for header in self.segments(kind) {
            self.bytes[header..header + 4].copy_from_slice(&0x6000_000fu32.to_le_bytes());
        }
    }

    /// Writes `p_memsz` of the last `PT_LOAD`.
    pub(crate) fn reserve(&mut self, size: u64) {
        let last = *self.segments(1).last().expect("a segment");
        self.bytes[last + 40..last + 48].copy_from_slice(&size.to_le_bytes());
    }

    /// Writes `p_align` of every `PT_LOAD`.
    pub(crate) fn align(&mut self, align: u64) {
        for header in self.segments(1) {
            self.bytes[header + 48..header + 56].copy_from_slice(&align.to_le_bytes());
        }
    }

    /// Offsets of the program headers of one type.
    fn segments(&self, kind: u32) -> Vec<usize> {
        let table = self.u64(32) as usize;
        let count = usize::from(u16::from_le_bytes([self.bytes[56], self.bytes[57]]));
        (0..count).map(|index| table + 56 * index).filter(|header| self.u32(*header) == kind).collect()
    }

    /// Takes the version away from an undefined symbol, so that nothing uses the version any more.
    pub(crate) fn unbind(&mut self, symbol: &str) {
        let at = self.symbol(symbol);
        let (versym, _) = self.section(".gnu.version");
        self.bytes[versym + at * 2..versym + at * 2 + 2].copy_from_slice(&1u16.to_le_bytes());
    }

    /// The index of a dynamic symbol.
    fn symbol(&self, symbol: &str) -> usize {
        let (dynsym, size) = self.section(".dynsym");
        let is_it = |index: &usize| self.string(self.u32(dynsym + index * 24) as usize) == symbol;
        (0..size / 24).find(is_it).unwrap_or_else(|| panic!("no symbol `{symbol}`"))
    }

    /// Sets `VER_FLG_WEAK` on the need for a version.
    pub(crate) fn weaken(&mut self, version: &str) {
        let (mut need, _) = self.section(".gnu.version_r");
        loop {
            let mut aux = need + self.u32(need + 8) as usize;
            loop {
                let name = self.u32(aux + 8) as usize;
                if self.string(name) == version {
                    self.bytes[aux + 4] |= 2;
                    return;
                }
                match self.u32(aux + 12) as usize {
                    0 => break,
                    next => aux += next,
                }
            }
            match self.u32(need + 12) as usize {
                0 => panic!("no need for `{version}`"),
                next => need += next,
            }
        }
    }

    /// Makes the file one for another system (`EI_OSABI`).
    pub(crate) fn system(&mut self, osabi: u8) {
        self.bytes[7] = osabi;
    }

    /// Hides a `DT_NEEDED` behind a tag that no loader knows; its version needs stay.
    pub(crate) fn forget(&mut self, library: &str) {
        let (dynamic, size) = self.section(".dynamic");
        for entry in (dynamic..dynamic + size).step_by(16) {
            let (tag, value) = (self.u64(entry), self.u64(entry + 8) as usize);
            if tag == 1 && self.string(value) == library {
                self.bytes[entry..entry + 8].copy_from_slice(&0x6000_000fu64.to_le_bytes());
                return;
            }
        }
        panic!("no need for `{library}`");
    }

    /// Offset and size of a section.
    fn section(&self, name: &str) -> (usize, usize) {
        let table = self.u64(40) as usize;
        let count = u16::from_le_bytes([self.bytes[60], self.bytes[61]]) as usize;
        let names = table + 64 * u16::from_le_bytes([self.bytes[62], self.bytes[63]]) as usize;
        let names = self.u64(names + 24) as usize;
        (0..count)
            .map(|index| table + 64 * index)
            .find(|header| self.text(names + self.u32(*header) as usize) == name)
            .map(|header| (self.u64(header + 24) as usize, self.u64(header + 32) as usize))
            .unwrap_or_else(|| panic!("no section `{name}`"))
    }

    fn string(&self, offset: usize) -> String {
        self.text(self.section(".dynstr").0 + offset)
    }

    fn text(&self, at: usize) -> String {
        let end = self.bytes[at..].iter().position(|&byte| byte == 0).expect("an end");
        String::from_utf8_lossy(&self.bytes[at..at + end]).into_owned()
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().expect("four bytes"))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("eight bytes"))
    }
}
