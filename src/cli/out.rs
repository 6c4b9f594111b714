//! Standard output. A reader may close the pipe early, as `head` does. That is no error: the command goes on, and its exit
//! code is the same. It must never panic.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};

/// Writes a text.
pub fn print(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    match out.write_fmt(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            tracing::error!(%error, "standard output cannot be written");
        }
        _ => {}
    }
}

/// Writes a text and a line break.
pub fn line(text: Arguments<'_>) {
    print(format_args!("{text}\n"));
}
