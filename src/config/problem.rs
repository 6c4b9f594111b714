//! What is wrong with a configuration, said to the person who must put it right: which key, why, and what to do.
//! It must never hold the value of a secret.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key (`slack.channel`), the variable (`REINSTATE_…`) or the file.
    pub key: String,
    /// What is wrong with it.
    pub reason: String,
    pub fix: String,
}

impl Problem {
    pub(super) fn new(key: impl Into<String>, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Problem { key: key.into(), reason: reason.into(), fix: fix.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}.", self.key, self.reason, self.fix)
    }
}

/// Everything that is wrong, together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// Where the settings came from: a path, or nothing where there is no file.
    pub file: Option<String>,
    /// The problems, in the order in which they were found.
    pub list: Vec<Problem>,
}

impl Problems {
    pub(super) fn of(list: Vec<Problem>) -> Self {
        Problems { file: None, list }
    }

    pub(super) fn add(&mut self, key: impl Into<String>, reason: impl Into<String>, fix: impl Into<String>) {
        self.list.push(Problem::new(key, reason, fix));
    }

    pub(super) fn into_result(self) -> Result<(), Problems> {
        if self.list.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.list.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        match &self.file {
            Some(file) => writeln!(f, "The configuration ({file} and the environment) has {count} {noun}:")?,
            None => writeln!(f, "The configuration (from the environment alone) has {count} {noun}:")?,
        }
        for problem in &self.list {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
