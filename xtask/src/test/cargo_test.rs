//! Runs `cargo test` on the built loader and programs.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::tally::Tally;
use crate::run::cargo;
use crate::workspace::Workspace;
use crate::{dist, fixtures, package};

/// The environment of the tests.
pub(super) struct Built {
    environment: [(&'static str, std::path::PathBuf); 3],
}

impl Built {
    /// Builds `dist/`, with the packages, and the programs that only tests start. Also
    /// returns the loader, whose size was checked.
    pub(super) fn build(workspace: &Workspace) -> Result<(Self, dist::Loader)> {
        let loader = package::build(workspace)?;
        let environment = [
            ("GAPBOOT_DIST", workspace.dist()),
            ("GAPBOOT_PROBE", fixtures::probe(workspace)?),
            ("GAPBOOT_FIRMWARE", fixtures::firmware(workspace)?),
        ];
        Ok((Self { environment }, loader))
    }

    /// `cargo test`, on no package yet.
    pub(super) fn test(&self, workspace: &Workspace) -> Command {
        let mut test = cargo(workspace, "test");
        let variables = self.environment.iter().map(|(name, value)| (name, value));
        test.envs(variables);
        test
    }
}

/// Runs tests, which show their own results, and counts them.
pub(super) fn run(test: &mut Command, tally: &mut Tally) {
    let result = count(test, tally);
    if let Err(error) = result {
        tally.check("tests", Err(error));
    }
}

fn count(test: &mut Command, tally: &mut Tally) -> Result<()> {
    let failed = tally.failed();
    let mut cargo = test.stdout(Stdio::piped()).spawn()?;
    let stdout = cargo.stdout.take().context("stdout is piped")?;
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        println!("{line}");
        tally.add(&line);
    }
    // A test that did not compile or start has no result line.
    if !cargo.wait()?.success() && tally.failed() == failed {
        bail!("cargo test failed, see above");
    }
    Ok(())
}
