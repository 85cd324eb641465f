//! Relays cargo's standard output: what is not a message is passed on as it comes, messages are handed over.
//!
//! Output of build scripts (`-vv`) and of procedural macros stands between the messages; every byte of it goes through.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::time::Duration;

use super::messages::Found;

/// How every message of cargo begins.
pub(super) const START: &[u8] = br#"{"reason":""#;
/// Longest message kept in memory; cargo's longest known ones are rendered diagnostics of some hundred kilobytes.
const LONGEST: usize = 64 << 20;
/// Size of one read: what cargo says in a millisecond, and few pages of memory.
const CHUNK: usize = 16 << 10;
/// How long a pipe is still read after cargo has said its last word and ended. Only something that outlives cargo and
/// holds its standard output keeps the pipe open for so long.
const GRACE: Duration = Duration::from_millis(100);
/// How long messages are let come after a few of them were read. To be woken by each one costs cargo and this program more than
/// the message does.
const NAP: Duration = Duration::from_millis(1);

/// The reading end of a pipe.
pub(super) trait Pipe: Read {
    /// Whether a read would return at once, be it with the end; waits for that as long as it is told to.
    fn is_ready(&mut self, wait: Duration) -> bool;
}

/// Output that was kept.
impl Pipe for std::io::Cursor<Vec<u8>> {
    fn is_ready(&mut self, _wait: Duration) -> bool {
        true
    }
}

/// What the current line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Too short to tell.
    Undecided,
    /// A message, kept until it is whole.
    Message,
    /// Anything else, or the rest of a message that was too long.
    Raw,
}

/// Takes cargo's standard output apart.
pub(super) struct Relay<'f, 'p, W> {
    output: W,
    /// Messages are wanted there too.
    pass_on: bool,
    found: &'f mut Found<'p>,
    line: Vec<u8>,
    kind: Kind,
    /// Standard output takes nothing any more (`| head`).
    closed: bool,
}

impl<'f, 'p, W: Write> Relay<'f, 'p, W> {
    pub(super) fn new(output: W, pass_on: bool, found: &'f mut Found<'p>) -> Self {
        Relay { output, pass_on, found, line: Vec::new(), kind: Kind::Undecided, closed: false }
    }

    /// Reads until the pipe is closed, or nobody is left who has something to say: cargo has finished and, as `ended` tells,
    /// is gone. When standard output is closed, it ends as soon as nothing more is there to be read: then the pipe is closed
    /// too, and cargo meets the broken pipe it would have met without this program.
    pub(super) fn run(mut self, pipe: impl Pipe, mut ended: impl FnMut() -> bool) {
        let mut pipe = BufReader::with_capacity(CHUNK, pipe);
        let mut gone = false;
        loop {
            if self.closed && !pipe.get_mut().is_ready(Duration::ZERO) {
                break;
            }
            if self.found.finished && !pipe.get_mut().is_ready(GRACE) {
                if gone {
                    break;
                }
                gone = ended();
                continue;
            }
            let chunk = match pipe.fill_buf() {
                Ok([]) => break,
                Ok(chunk) => chunk,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            let read = chunk.len();
            let only_messages = self.chunk(chunk);
            pipe.consume(read);
            if only_messages && read < CHUNK / 2 && !self.found.finished {
                std::thread::sleep(NAP);
            }
        }
        let line = std::mem::take(&mut self.line);
        self.write(&line, true);
    }

    /// What was read at once; whether it was messages, to the last byte.
    fn chunk(&mut self, mut rest: &[u8]) -> bool {
        let mut only_messages = true;
        while !rest.is_empty() {
            let before = rest;
            // Not with the crate memchr, which finds out about the processor first: that takes longer than a few lines.
            let length = rest.skip_until(b'\n').unwrap_or(rest.len());
            only_messages &= self.part(before.get(..length).unwrap_or(before));
        }
        if !only_messages {
            self.write(&[], true);
        }
        only_messages
    }

    /// A line, or a part of one; whether that was a whole message.
    fn part(&mut self, part: &[u8]) -> bool {
        let ends = part.last() == Some(&b'\n');
        match self.kind {
            Kind::Raw => self.write(part, false),
            Kind::Undecided | Kind::Message => {
                self.line.extend_from_slice(part);
                self.decide();
            }
        }
        let whole = ends && self.kind == Kind::Message;
        if whole {
            self.message();
        }
        if ends {
            self.kind = Kind::Undecided;
        }
        whole
    }

    fn decide(&mut self) {
        let length = self.line.len();
        if self.line.starts_with(START) && length <= LONGEST {
            self.kind = Kind::Message;
        } else if length > LONGEST {
            self.found.too_long();
            self.give_up(self.pass_on);
        } else if !START.starts_with(&self.line) {
            self.give_up(true);
        }
    }

    /// The rest of the line is raw; what is kept of it is written out, or dropped.
    fn give_up(&mut self, shown: bool) {
        let line = std::mem::take(&mut self.line);
        if shown {
            self.write(&line, false);
        }
        self.kind = Kind::Raw;
    }

    /// A whole message.
    fn message(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        let cargos = super::messages::is_cargos(&line);
        if self.pass_on || !cargos {
            self.write(&line, true);
        }
        if cargos {
            self.found.message(&line);
        }
        line.clear();
        line.shrink_to(CHUNK);
        self.line = line;
    }

    fn write(&mut self, bytes: &[u8], flush: bool) {
        if self.closed {
            return;
        }
        let written = self.output.write_all(bytes).and_then(|()| if flush { self.output.flush() } else { Ok(()) });
        self.closed = written.is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes a few at a time, so that lines and their beginnings are cut everywhere.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let size = self.1.min(self.0.len());
            let (now, later) = self.0.split_at(size);
            into[..size].copy_from_slice(now);
            self.0 = later;
            Ok(size)
        }
    }

    impl Pipe for Drops<'_> {
        fn is_ready(&mut self, _wait: Duration) -> bool {
            true
        }
    }

    fn relay(input: &[u8], drop: usize, pass_on: bool) -> (String, bool) {
        let (mut output, mut found) = (Vec::new(), Found::new(&[]));
        Relay::new(&mut output, pass_on, &mut found).run(Drops(input, drop), || false);
        (String::from_utf8_lossy(&output).into_owned(), found.finished)
    }

    const MIXED: &[u8] = b"[a 1.0] cargo::x\n{\"reason\":\"build-finished\",\"success\":true}\n{\"reason\":\n\n{\"rea\
        \n{\"reason\":\"compiler-message\"}\n{\"reason\":\"build-finished\"\nlast";

    #[test]
    fn only_messages_are_swallowed_however_the_bytes_come() {
        for drop in [1, 2, 3, 7, 11, 1000] {
            let (text, finished) = relay(MIXED, drop, false);
            let raw = "[a 1.0] cargo::x\n{\"reason\":\n\n{\"rea\n{\"reason\":\"build-finished\"\nlast";
            assert_eq!((text.as_str(), finished), (raw, true), "{drop}");
        }
    }

    #[test]
    fn everything_is_passed_on_when_json_was_asked_for() {
        for drop in [1, 5, 1000] {
            let (text, finished) = relay(MIXED, drop, true);
            assert_eq!((text.as_bytes(), finished), (MIXED, true), "{drop}");
        }
    }
}
