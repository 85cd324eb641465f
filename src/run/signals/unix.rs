//! Unix: one thread takes the signals, and hands them to the child while there is one.

use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// A `SIGINT` typed at the terminal ends cargo and go at once. A child that lives on after this long did not get it, since
/// somebody sent it to this process alone, or takes its time to end: a second one means the same as a second Ctrl-C.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the child is doing.
#[derive(Debug, Default)]
enum Stage {
    /// Not started yet; signals wait for it.
    #[default]
    Before,
    /// Running.
    Running(Pid),
    /// Ended, or never started: signals mean this program again.
    Over,
}

#[derive(Debug, Default)]
struct State {
    stage: Stage,
    early: Vec<i32>,
    scratch: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, stage: Stage) {
        self.lock().stage = stage;
        self.ended.notify_all();
    }
}

/// Signal handling for one child.
#[derive(Debug)]
pub struct Signals {
    shared: Arc<Shared>,
}

impl Signals {
    /// Takes over `INT`, `QUIT`, `TERM` and `HUP`, except those that are ignored already (`nohup`): the tool inherits that.
    ///
    /// # Errors
    ///
    /// When the system refuses a handler or a thread.
    pub fn install() -> io::Result<Self> {
        let ignored = ignored();
        let ours = [SIGINT, SIGQUIT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
        let mut signals = signal_hook::iterator::Signals::new(ours)?;
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in signals.forever() {
                arrived(signal, &of_thread);
            }
        })?;
        Ok(Signals { shared })
    }

    /// A file to be removed should a signal end this program.
    pub fn remove_at_end(&self, file: Option<PathBuf>) {
        self.shared.lock().scratch = file;
    }

    /// Hands signals to the child from now on, those first that came while it was started.
    pub fn started(&self, child: &Child) {
        let Some(pid) = id(child) else { return };
        let early = {
            let mut state = self.shared.lock();
            state.stage = Stage::Running(pid);
            std::mem::take(&mut state.early)
        };
        early.into_iter().for_each(|signal| send(pid, signal));
    }

    /// Whether the child has ended; it need not have been waited for.
    pub fn has_ended(&self, child: &mut Child) -> bool {
        id(child).is_none_or(has_ended)
    }

    /// Waits for the child; signals reach it until then.
    ///
    /// # Errors
    ///
    /// When the system cannot wait for it.
    pub fn wait(&self, child: &mut Child) -> io::Result<ExitStatus> {
        let pid = id(child).ok_or_else(|| io::Error::other("the tool has no process id"))?;
        self.started(child);
        // The child stays a zombie until no signal can be on its way to it: its id cannot be somebody else's by then.
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(error) = rustix::process::waitid(WaitId::Pid(pid), ended) {
            if error != rustix::io::Errno::INTR {
                break;
            }
        }
        self.shared.set(Stage::Over);
        child.wait()
    }
}

fn id(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Of a child that nobody has waited for, so that its id is its own.
fn has_ended(pid: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    matches!(rustix::process::waitid(WaitId::Pid(pid), options), Ok(Some(_)))
}

impl Drop for Signals {
    fn drop(&mut self) {
        // The thread stays, and answers later signals by ending this program.
        self.shared.set(Stage::Over);
    }
}

/// The signals that are ignored, one bit each from `SIGHUP` on. Linux tells; elsewhere none is taken to be.
fn ignored() -> u64 {
    // With room for all of it: it has no size, and is asked for a few bytes at a time otherwise.
    let mut status = String::with_capacity(4096);
    let _ = std::fs::File::open("/proc/self/status").and_then(|mut file| file.read_to_string(&mut status));
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn arrived(signal: i32, shared: &Arc<Shared>) {
    let mut state = shared.lock();
    match state.stage {
        Stage::Before => state.early.push(signal),
        // What outlives the child may still hold its standard output.
        Stage::Running(pid) if has_ended(pid) => end(&mut state, signal),
        Stage::Over => end(&mut state, signal),
        Stage::Running(pid) if matches!(signal, SIGINT | SIGQUIT) && is_in_foreground() => {
            drop(state);
            repeat_later(pid, signal, Arc::clone(shared));
        }
        Stage::Running(pid) => send(pid, signal),
    }
}

/// Ends this program by the signal.
fn end(state: &mut State, signal: i32) {
    if let Some(file) = state.scratch.take() {
        let _ = std::fs::remove_file(file);
    }
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

fn send(pid: Pid, signal: i32) {
    if let Some(signal) = Signal::from_named_raw(signal) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Whether this process group has the terminal, so that what is typed there reaches the child too.
fn is_in_foreground() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    let group = terminal.and_then(|tty| rustix::termios::tcgetpgrp(tty).map_err(io::Error::from));
    group.is_ok_and(|group| group == rustix::process::getpgrp())
}

fn repeat_later(pid: Pid, signal: i32, shared: Arc<Shared>) {
    std::thread::spawn(move || {
        let running = |state: &mut State| matches!(state.stage, Stage::Running(_));
        let waited = shared.ended.wait_timeout_while(shared.lock(), PATIENCE, running);
        let (state, result) = waited.unwrap_or_else(PoisonError::into_inner);
        if result.timed_out() && matches!(state.stage, Stage::Running(_)) {
            send(pid, signal);
        }
    });
}

/// Ends this program as the tool ended: with its exit code, or by the same signal.
pub fn end_like(status: ExitStatus) -> i32 {
    if let Some(signal) = status.signal() {
        // Core-dumping signals included: the default action is restored, then the signal raised.
        let _ = signal_hook::low_level::emulate_default_handler(signal);
        return 128 + signal;
    }
    status.code().unwrap_or(1)
}
