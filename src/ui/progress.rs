//! What is shown while long work goes on, on a terminal only, and taken away again when it is done.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Files from which on reading and judging them is worth a line.
const MANY: usize = 200;

/// Files that a walk has found from which on it is worth a line.
const LONG_WALK: u64 = 2000;

/// Progress of one piece of work; draws nothing when there is little of it, or nobody watches.
#[derive(Debug, Clone)]
pub struct Progress {
    bar: Option<ProgressBar>,
    /// Steps from which on the bar is drawn.
    from: u64,
}

impl Progress {
    /// Over a known number of files.
    pub(super) fn over(total: usize, shown: bool) -> Progress {
        if !shown || total < MANY {
            return Progress::hidden();
        }
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
        Progress::styled(bar, "{bar:30} {pos}/{len} files read", 0)
    }

    /// Over files that are still to be found.
    pub(super) fn search(shown: bool) -> Progress {
        if !shown {
            return Progress::hidden();
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Progress::styled(bar, "{spinner} {pos} files found", LONG_WALK)
    }

    fn styled(bar: ProgressBar, template: &str, from: u64) -> Progress {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Progress { bar: Some(bar), from }
    }

    /// Progress nobody sees.
    pub fn hidden() -> Progress {
        Progress { bar: None, from: 0 }
    }

    /// One file is done, or found.
    pub fn step(&self) {
        let Some(bar) = &self.bar else { return };
        bar.inc(1);
        if bar.position() == self.from {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.tick();
        }
    }

    /// Takes the line away again.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
