//! How floating-point numbers are passed, which on some machines differs between hosts; the name of their loader says it.

/// Whether they go in registers of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatAbi {
    /// In floating-point registers.
    Hard,
    /// In those of integers.
    Soft,
}

impl FloatAbi {
    /// That of a loader, by its name: glibc's (`sysdeps/unix/sysv/linux/arm/shlib-versions`, and riscv's) and musl's (`configure`).
    pub fn of_loader(path: &str) -> Option<Self> {
        match path.rsplit('/').next()? {
            "ld-linux-armhf.so.3" | "ld-musl-armhf.so.1" | "ld-linux-riscv64-lp64d.so.1" | "ld-musl-riscv64.so.1" => {
                Some(FloatAbi::Hard)
            }
            "ld-linux.so.3" | "ld-musl-arm.so.1" | "ld-linux-riscv64-lp64.so.1" | "ld-musl-riscv64-sf.so.1" => {
                Some(FloatAbi::Soft)
            }
            _ => None,
        }
    }

    /// `hard-float` or `soft-float`.
    pub fn name(self) -> &'static str {
        match self {
            FloatAbi::Hard => "hard-float",
            FloatAbi::Soft => "soft-float",
        }
    }
}
