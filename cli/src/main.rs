//! `gapboot`: installs the loader and explains what it does.

use std::io::{self, Write};
use std::process::ExitCode;

use cli::install::Stages;

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    ExitCode::from(cli::run(
        arguments,
        Stages::of_this_system(),
        &mut io::stdout().lock(),
        &mut Messages(io::stderr()),
    ))
}

/// Standard error. A note that nobody can read is no reason to stop half-way.
struct Messages(io::Stderr);

impl Write for Messages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
