//! A bar for work on many files.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Files from which on a bar is worth its lines.
const MANY: usize = 200;

/// Progress over a known number of files; draws nothing when there are few, or nobody watches.
#[derive(Debug, Clone)]
pub struct Progress(Option<ProgressBar>);

impl Progress {
    pub(super) fn new(total: usize, shown: bool) -> Progress {
        if !shown || total < MANY {
            return Progress(None);
        }
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} files read") {
            bar.set_style(style);
        }
        Progress(Some(bar))
    }

    /// Progress nobody sees.
    pub fn hidden() -> Progress {
        Progress(None)
    }

    /// One file is done.
    pub fn step(&self) {
        if let Some(bar) = &self.0 {
            bar.inc(1);
        }
    }

    /// Takes the bar away again.
    pub fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
