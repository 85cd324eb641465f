//! The confusion matrix.

use std::fmt;

use seaworthy::hosts::load::Outcome;

/// Counts of pairs: what the loader did, against what was said.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Matrix {
    /// It loads: said to run, not to run, unknown.
    pub(crate) loads: [u32; 3],
    /// It does not load: the same.
    pub(crate) fails: [u32; 3],
}

impl Matrix {
    /// Counts one pair; `false` when it is wrong.
    pub(crate) fn count(&mut self, really_loads: bool, said: Outcome) -> bool {
        let column = match said {
            Outcome::Runs => 0,
            Outcome::DoesNotRun => 1,
            Outcome::Unknown => 2,
        };
        if really_loads {
            self.loads[column] += 1
        } else {
            self.fails[column] += 1
        }
        column == 2 || really_loads == (column == 0)
    }

    /// Adds another one.
    pub(crate) fn add(&mut self, other: Matrix) {
        for (mine, theirs) in self.loads.iter_mut().zip(other.loads) {
            *mine += theirs;
        }
        for (mine, theirs) in self.fails.iter_mut().zip(other.fails) {
            *mine += theirs;
        }
    }

    /// How many pairs are wrong.
    pub(crate) fn wrong(&self) -> u32 {
        self.fails[0] + self.loads[1]
    }

    /// How many pairs nothing was said of.
    pub(crate) fn undecided(&self) -> u32 {
        self.loads[2] + self.fails[2]
    }

    /// How many pairs there are.
    pub(crate) fn pairs(&self) -> u32 {
        self.loads.iter().chain(&self.fails).sum()
    }

    /// `P pairs, right R, wrong "runs" A, wrong "does not run" B`; an undecided pair is none of the three.
    pub(crate) fn line(&self) -> String {
        let (pairs, right) = (self.pairs(), self.loads[0] + self.fails[1]);
        let (runs, not) = (self.fails[0], self.loads[1]);
        format!("{pairs} pairs, right {right}, wrong \"runs\" {runs}, wrong \"does not run\" {not}")
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "                 said: runs   does not run   unknown")?;
        let row = |[a, b, c]: [u32; 3]| format!("{a:>10} {b:>14} {c:>9}");
        writeln!(f, "loader takes it  {}", row(self.loads))?;
        write!(f, "loader refuses   {}", row(self.fails))
    }
}
