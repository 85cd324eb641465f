//! What the toolchains of Go and Rust leave in PE and Mach-O files.

use super::bytes::Order;
use super::go_build_info::{self, GoBuild, Places};
use super::rust_build_info::{self, RustBuild};
use super::{Source, Unreadable, Wanted};

/// Bytes of writable data in which Go's build information is looked for where no section is named after it; Go's own
/// linker puts it at the very start.
const SEARCHED: u64 = 1 << 20;

/// Longest `.dep-v0` section that is read, in bytes.
const LONGEST_LIST: u64 = 1 << 20;

/// Where a file keeps what the toolchains leave; ranges are offset and length in the file.
pub(super) struct LanguagePlaces<'p> {
    pub(super) order: Order,
    /// The section of Go's build information.
    pub(super) go_section: Option<(u64, u64)>,
    /// The section of Go's table of functions.
    pub(super) go_table: Option<(u64, u64)>,
    /// What else shows Go.
    pub(super) go_traces: Vec<String>,
    /// Go may have made the file although nothing of this shows it: then its table of functions is searched for.
    pub(super) may_hide_go: bool,
    /// Writable data.
    pub(super) writable: Vec<(u64, u64)>,
    /// Data that cannot be written.
    pub(super) read_only: Vec<(u64, u64)>,
    /// The list of packages of cargo-auditable.
    pub(super) dep_v0: Option<(u64, u64)>,
    /// Address to file offset, with the number of bytes that follow in the same segment.
    pub(super) locate: &'p dyn Fn(u64) -> Option<(u64, u64)>,
}

impl LanguagePlaces<'_> {
    /// Go build information, or what shows that Go made this file.
    ///
    /// # Errors
    /// What reading gives.
    pub(super) fn go(&self, source: &Source<'_>, wanted: Wanted) -> Result<Option<GoBuild>, Unreadable> {
        let limit = if wanted.strings || !self.go_traces.is_empty() { u64::MAX } else { SEARCHED };
        let mut ranges: Vec<(u64, u64)> = self.go_section.into_iter().collect();
        ranges.extend(self.writable.iter().map(|&(offset, size)| (offset, size.min(limit))));
        if let Some(mut build) = go_build_info::find(source, &Places { ranges, locate: self.locate })? {
            build.traces.clone_from(&self.go_traces);
            return Ok(Some(build));
        }
        let table = match self.go_table {
            Some(section) => go_build_info::pclntab_at(source, self.order, section)?,
            None if wanted.strings && self.may_hide_go && self.go_traces.is_empty() => {
                go_build_info::find_pclntab(source, self.order, &self.read_only)?
            }
            None => None,
        };
        Ok(GoBuild::of_traces(self.go_traces.clone(), table))
    }

    /// What shows that Rust made this file.
    ///
    /// # Errors
    /// What reading gives.
    pub(super) fn rust(&self, source: &Source<'_>, wanted: Wanted) -> Result<Option<RustBuild>, Unreadable> {
        let mut build = RustBuild::default();
        if let Some((offset, size)) = self.dep_v0.filter(|_| wanted.detail) {
            let section = source.read_up_to(offset, size.min(LONGEST_LIST), ".dep-v0")?;
            build.packages = rust_build_info::packages(&section).unwrap_or_default();
        }
        if wanted.makers {
            rust_build_info::search(source, &self.read_only, &mut build)?;
        }
        Ok((self.dep_v0.is_some() || build.is_shown()).then_some(build))
    }
}
