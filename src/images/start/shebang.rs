//! The first line of a script, as Linux takes it apart (`fs/binfmt_script.c`), and what `env` makes of the rest.

/// What stands behind `#!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shebang {
    /// The program that is started.
    pub(super) interpreter: String,
    /// All of the rest, which is one argument.
    argument: String,
}

impl Shebang {
    /// Reads a line without its `#!`. A carriage return is part of the name, which is why such scripts do not start.
    pub(super) fn parse(line: &[u8]) -> Shebang {
        let line = String::from_utf8_lossy(line);
        let line = line.split('\0').next().unwrap_or_default();
        let line = line.trim_matches([' ', '\t']);
        let (interpreter, argument) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        Shebang { interpreter: interpreter.to_owned(), argument: argument.trim_matches([' ', '\t']).to_owned() }
    }

    /// The interpreter as the kernel opens it: `PATH` is not searched, and what is no path counts from the working directory.
    pub(super) fn path(&self) -> String {
        match self.interpreter.as_str() {
            name if name.is_empty() || name.contains('/') => name.to_owned(),
            name => format!("./{name}"),
        }
    }

    /// Whether `env` is to take its argument apart, which not every `env` can.
    pub(super) fn splits(&self) -> bool {
        self.is_env() && (self.argument.starts_with("-S") || self.argument.starts_with("--split-string"))
    }

    fn is_env(&self) -> bool {
        self.interpreter.rsplit('/').next() == Some("env")
    }

    /// The program that `env` looks for in `PATH`.
    pub(super) fn looked_up(&self) -> Option<String> {
        if !self.is_env() {
            return None;
        }
        let split = self.argument.strip_prefix("-S").or_else(|| self.argument.strip_prefix("--split-string="));
        let words: Vec<&str> = match split {
            Some(rest) => rest.split_ascii_whitespace().collect(),
            // Without `-S` it gets one argument, spaces and all.
            None => vec![&self.argument],
        };
        let name = words.into_iter().find(|word| !word.starts_with('-') && !word.contains('='))?;
        (!name.is_empty()).then(|| name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> (String, Option<String>) {
        let shebang = Shebang::parse(line.as_bytes());
        (shebang.interpreter.clone(), shebang.looked_up())
    }

    #[test]
    fn lines_are_taken_apart_as_the_kernel_does() {
        assert_eq!(of("/bin/sh"), ("/bin/sh".into(), None));
        assert_eq!(of(" /bin/sh\t-eu "), ("/bin/sh".into(), None));
        assert_eq!(of("/bin/sh\r"), ("/bin/sh\r".into(), None));
        assert_eq!(of(""), (String::new(), None));
    }

    #[test]
    fn env_looks_for_one_name() {
        assert_eq!(of("/usr/bin/env python3").1.as_deref(), Some("python3"));
        assert_eq!(of("/usr/bin/env -S A=1 node --trace").1.as_deref(), Some("node"));
        assert_eq!(of("/usr/bin/env bash -e").1.as_deref(), Some("bash -e"));
        assert_eq!(of("/usr/bin/env").1, None);
    }
}
