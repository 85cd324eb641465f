//! cargo's standard output as a pipe that can be asked whether there is something in it.

use std::process::ChildStdout;
use std::time::Duration;

use super::relay::Pipe;

/// The pipe, as it is.
#[cfg(unix)]
pub(super) fn of(stdout: ChildStdout) -> impl Pipe {
    stdout
}

#[cfg(unix)]
impl Pipe for ChildStdout {
    fn is_ready(&mut self, wait: Duration) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let Ok(wait) = Timespec::try_from(wait) else { return true };
        loop {
            match poll(&mut [PollFd::new(self, PollFlags::IN)], Some(&wait)) {
                Ok(ready) => return ready > 0,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return true,
            }
        }
    }
}

/// Where a pipe cannot be asked, a thread reads it.
#[cfg(not(unix))]
pub(super) fn of(mut stdout: ChildStdout) -> impl Pipe {
    let (sender, chunks) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut chunk = vec![0; 64 << 10];
        while let Ok(read @ 1..) = std::io::Read::read(&mut stdout, &mut chunk) {
            let read = chunk.get(..read).unwrap_or_default();
            if sender.send(read.to_vec()).is_err() {
                break;
            }
        }
    });
    Chunks { chunks, current: std::io::Cursor::default() }
}

/// What a thread has read. Once nobody wants it any more, the thread closes the pipe.
#[cfg(not(unix))]
struct Chunks {
    chunks: std::sync::mpsc::Receiver<Vec<u8>>,
    current: std::io::Cursor<Vec<u8>>,
}

#[cfg(not(unix))]
impl Chunks {
    fn is_empty(&self) -> bool {
        self.current.position() as usize >= self.current.get_ref().len()
    }
}

#[cfg(not(unix))]
impl std::io::Read for Chunks {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.is_empty()
            && let Ok(chunk) = self.chunks.recv()
        {
            self.current = std::io::Cursor::new(chunk);
        }
        self.current.read(into)
    }
}

#[cfg(not(unix))]
impl Pipe for Chunks {
    fn is_ready(&mut self, wait: Duration) -> bool {
        use std::sync::mpsc::RecvTimeoutError;
        if !self.is_empty() {
            return true;
        }
        match self.chunks.recv_timeout(wait) {
            Ok(chunk) => self.current = std::io::Cursor::new(chunk),
            Err(RecvTimeoutError::Disconnected) => {}
            Err(RecvTimeoutError::Timeout) => return false,
        }
        true
    }
}
