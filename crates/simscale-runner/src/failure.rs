//! How a command ends when it does not end well: a message for people and an exit code for programs.

use std::fmt;

/// Exit codes of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Code {
    /// Done.
    Done = 0,
    /// An expectation failed.
    Expectation = 1,
    /// The input or the environment was wrong.
    Input = 2,
    /// A law of the simulation broke: a bug.
    Law = 3,
    /// Stopped by Ctrl-C or SIGTERM.
    Stopped = 130,
}

/// Why a command did not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What to tell the program's caller.
    pub code: Code,
    /// What to tell the person; may be several lines.
    pub message: String,
}

impl Failure {
    /// Ctrl-C or SIGTERM came before anything was written.
    pub fn stopped(what: &str) -> Failure {
        Failure { code: Code::Stopped, message: format!("{what}: stopped; nothing was written") }
    }

    /// The input or the environment was wrong.
    pub fn input(message: impl Into<String>) -> Failure {
        Failure { code: Code::Input, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
