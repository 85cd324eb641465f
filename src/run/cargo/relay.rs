//! Relays cargo's standard output: what is not a message is passed on as it comes, messages are handed over.
//!
//! Output of build scripts (`-vv`) and of procedural macros stands between the messages; every byte of it goes through.

use std::io::{ErrorKind, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};

/// How every message of cargo begins.
const START: &[u8] = br#"{"reason":""#;
/// Longest message kept in memory; cargo's longest known ones are rendered diagnostics of some hundred kilobytes.
const LONGEST: usize = 64 << 20;
/// Size of one read.
const CHUNK: usize = 64 << 10;

/// What the relay has to tell.
#[derive(Debug)]
pub(super) enum Event {
    /// A message of interest, a whole line.
    Message(Vec<u8>),
    /// A message that was too long to be kept.
    TooLong,
}

/// The reading end of a pipe.
pub(super) trait Pipe: Read {
    /// From now on a read that would have to wait fails instead.
    fn stop_waiting(&self) {}
}

impl Pipe for std::process::ChildStdout {
    #[cfg(unix)]
    fn stop_waiting(&self) {
        let _ = rustix::fs::fcntl_setfl(self, rustix::fs::OFlags::NONBLOCK);
    }
}

/// Output that was kept: there is nothing to wait for.
impl Pipe for std::io::Cursor<Vec<u8>> {}

/// Starts relaying in a thread of its own. The events end when the pipe does.
pub(super) fn start<R, W>(pipe: R, output: W, pass_on: bool) -> Receiver<Event>
where
    R: Pipe + Send + 'static,
    W: Write + Send + 'static,
{
    let (sender, receiver) = channel();
    let relay = Relay { output, pass_on, sender, line: Vec::new(), kind: Kind::Undecided, closed: false };
    std::thread::spawn(move || relay.run(pipe));
    receiver
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

struct Relay<W> {
    output: W,
    pass_on: bool,
    sender: Sender<Event>,
    line: Vec<u8>,
    kind: Kind,
    /// Standard output takes nothing any more (`| head`).
    closed: bool,
}

impl<W: Write> Relay<W> {
    /// Reads to the end, or until standard output is closed and nothing more is there to be read: then the pipe is closed
    /// too, and cargo meets the broken pipe it would have met without this program.
    fn run(mut self, mut pipe: impl Pipe) {
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = match pipe.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            let mut rest = chunk.get(..read).unwrap_or_default();
            while !rest.is_empty() {
                let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                let (part, after) = rest.split_at(end);
                self.part(part);
                rest = after;
            }
            self.write(&[], true);
            if self.closed {
                pipe.stop_waiting();
            }
        }
        let line = std::mem::take(&mut self.line);
        self.write(&line, true);
    }

    /// A line, or a part of one.
    fn part(&mut self, part: &[u8]) {
        let ends = part.last() == Some(&b'\n');
        match self.kind {
            Kind::Raw => self.write(part, false),
            Kind::Undecided | Kind::Message => {
                self.line.extend_from_slice(part);
                self.decide();
            }
        }
        if ends {
            if self.kind == Kind::Message {
                self.message();
            }
            self.kind = Kind::Undecided;
        }
    }

    fn decide(&mut self) {
        let length = self.line.len();
        if self.line.starts_with(START) && length <= LONGEST {
            self.kind = Kind::Message;
        } else if length > LONGEST {
            let _ = self.sender.send(Event::TooLong);
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

    /// A whole message. It is passed on before it is told of: once cargo's last message is known, all output is out.
    fn message(&mut self) {
        let line = std::mem::take(&mut self.line);
        let cargos = super::messages::is_cargos(&line);
        if self.pass_on || !cargos {
            self.write(&line, true);
        }
        if cargos && super::messages::is_of_interest(&line) {
            let _ = self.sender.send(Event::Message(line));
        }
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
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

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

    impl Pipe for Drops<'_> {}

    fn relay(input: &'static [u8], drop: usize, pass_on: bool) -> (String, usize) {
        let output = Shared::default();
        let events = start(Drops(input, drop), output.clone(), pass_on).iter().count();
        let text = String::from_utf8_lossy(&output.0.lock().expect("not poisoned")).into_owned();
        (text, events)
    }

    const MIXED: &[u8] = b"[a 1.0] cargo::x\n{\"reason\":\"build-finished\",\"success\":true}\n{\"reason\":\n\n{\"rea\
        \n{\"reason\":\"compiler-message\"}\n{\"reason\":\"build-finished\"\nlast";

    #[test]
    fn only_messages_are_swallowed_however_the_bytes_come() {
        for drop in [1, 2, 3, 7, 11, 1000] {
            let (text, events) = relay(MIXED, drop, false);
            let raw = "[a 1.0] cargo::x\n{\"reason\":\n\n{\"rea\n{\"reason\":\"build-finished\"\nlast";
            assert_eq!((text.as_str(), events), (raw, 1), "{drop}");
        }
    }

    #[test]
    fn everything_is_passed_on_when_json_was_asked_for() {
        for drop in [1, 5, 1000] {
            let (text, events) = relay(MIXED, drop, true);
            assert_eq!((text.as_bytes(), events), (MIXED, 1), "{drop}");
        }
    }
}
