//! Whom a file belongs to, and who may do what with it: permission bits as the kernel reads them.

/// Permission bits and owner of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Access {
    /// Permission bits.
    pub mode: u16,
    /// Number of the user.
    pub uid: u32,
    /// Number of the group.
    pub gid: u32,
}

/// Reading.
pub(super) const READ: u16 = 4;
/// Executing a file, or entering a directory.
pub(super) const EXECUTE: u16 = 1;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Identity {
    pub(super) uid: u32,
    pub(super) groups: Vec<u32>,
}

impl Access {
    /// What root has, with these permission bits.
    pub fn of_root(mode: u16) -> Access {
        Access { mode, uid: 0, gid: 0 }
    }

    /// Whether somebody may execute it, which is all that root needs.
    pub fn is_executable(&self) -> bool {
        self.mode & 0o111 != 0
    }

    /// Whether `who` may do that: by the bits of the first class that it belongs to, whatever the others say. Root may read
    /// everything and enter every directory, and execute what anybody may.
    pub(super) fn allows(&self, who: &Identity, what: u16) -> bool {
        let shift = match who {
            Identity { uid: 0, .. } => return true,
            Identity { uid, .. } if *uid == self.uid => 6,
            Identity { groups, .. } if groups.contains(&self.gid) => 3,
            _ => 0,
        };
        self.mode >> shift & what == what
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_class_decides() {
        let access = |mode| Access { mode, uid: 1000, gid: 50 };
        let who = |uid, groups: &[u32]| Identity { uid, groups: groups.to_vec() };
        assert!(access(0o100).allows(&who(1000, &[]), EXECUTE));
        assert!(!access(0o011).allows(&who(1000, &[50]), EXECUTE), "the owner's bits, though the group's would do");
        assert!(access(0o010).allows(&who(7, &[1, 50]), EXECUTE));
        assert!(!access(0o701).allows(&who(7, &[50]), EXECUTE));
        assert!(access(0o005).allows(&who(7, &[]), READ | EXECUTE) && !access(0o001).allows(&who(7, &[]), READ));
        assert!(access(0o000).allows(&who(0, &[]), READ));
    }
}
