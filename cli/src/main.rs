//! `gapboot`: installs the loader and explains what it does.

use std::io;
use std::process::ExitCode;

use cli::install::Stages;

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    ExitCode::from(cli::run(
        arguments,
        Stages::embedded(),
        &mut io::stdout().lock(),
        &mut io::stderr().lock(),
    ))
}
