//! `gapboot`: installs the loader and explains what it does.

use std::io::{self, Write};
use std::process::ExitCode;

use cli::install::Stages;
use cli::offers::MachineOffers;

/// The name by which Linux starts its first process from an initrd.
const INIT: &str = "/init";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let name = arguments.next();
    if std::process::id() == 1 && name.is_some_and(|name| name == INIT) {
        bridge::run(&mut MachineOffers::default());
    }
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
