//! What commands say. A reader that has gone (`build | head`) ends nothing: the work goes on, and what is
//! said to nobody is not said.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Something could not be written, for another reason than a reader that has gone: a full disk.
static LOST: AtomicBool = AtomicBool::new(false);

/// A line to standard output.
pub fn line(text: Arguments<'_>) {
    let mut out = io::stdout().lock();
    noted(writeln!(out, "{text}"));
}

/// A line to standard error.
pub fn error_line(text: Arguments<'_>) {
    // Where errors cannot be written, there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Bytes to standard output, for formats that have a writer of their own.
pub fn stdout() -> impl Write {
    Quiet(io::stdout().lock())
}

/// Whether all was written, or nobody wanted it.
pub fn is_whole() -> bool {
    noted(io::stdout().lock().flush());
    !LOST.load(Ordering::Relaxed)
}

fn noted(result: io::Result<()>) {
    if let Err(e) = result
        && e.kind() != io::ErrorKind::BrokenPipe
    {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// Takes everything, even what nobody reads any more.
struct Quiet<W>(W);

impl<W: Write> Write for Quiet<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}

/// `println!` that no closed pipe stops.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::out::line(format_args!($($text)*)) };
}

/// `eprintln!` that no closed pipe stops.
macro_rules! note {
    ($($text:tt)*) => { $crate::cli::out::error_line(format_args!($($text)*)) };
}

pub(super) use {note, say};
