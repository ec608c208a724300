//! The `mosaique` program: reads the command line and calls the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    mosaique::cli::run(mosaique::cli::parse())
}
