//! Whether there is such a host for the program's architecture at all: the catalogue has what a system was published for, a root file
//! system what its loaders are made for.

use super::{Gap, Load, Reason};
use crate::facts::Facts;
use crate::hosts::{Host, narrow};

/// Judges the architecture. A 64-bit kernel runs static 32-bit programs without any such host: on x86 every distribution's does
/// (`CONFIG_IA32_EMULATION`) but those with a `?`, on ARM it hangs on the processor as well. What others need is in no image; a root
/// is asked for their loader.
pub(super) fn check(facts: &Facts, host: &Host, alone: bool, result: &mut Load) {
    let arch = &*facts.arch;
    let all = &host.architectures;
    if all.is_empty() || all.contains(&arch) || (host.root.is_some() && !alone) {
        return;
    }
    let static_only = all.iter().any(|wide| narrow(wide) == Some(arch));
    // Below a 32-bit system may be a 64-bit kernel.
    let is_open = all.iter().any(|open| open.strip_suffix('?') == Some(arch) || narrow(arch) == Some(open));
    if is_open || (static_only && alone && arch != "i386") {
        result.gaps.push(Gap::library(format!("whether `{}` runs programs for {arch} is not known", host.name)));
    } else if !(static_only && alone) {
        let published = all.iter().filter(|arch| !arch.ends_with('?')).copied().collect();
        result.reasons.push(Reason::NotPublished { arch: arch.to_owned(), published, static_only });
    }
}
