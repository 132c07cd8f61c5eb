//! `./x demo`: boots a Debian kernel through gapboot, see [`tests::demo`].

use std::process::ExitCode;
use tests::demo::{self, Options};

fn main() -> ExitCode {
    let mut options = Options::default();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--check" => options.check = true,
            "--screen" => options.screen = true,
            "--kvm" => options.kvm = true,
            "--bridge" => options.bridge = true,
            other => {
                eprintln!(
                    "demo: {other} is not an option; there are --check, --screen, --kvm and --bridge"
                );
                return ExitCode::from(2);
            }
        }
    }
    match demo::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}
