//! `./x fuzz`: hostile input for every parser, by libFuzzer.
//!
//! libFuzzer comes as source with the crate `libfuzzer-sys`. A pass of LLVM, which every
//! rustc contains, lets it see which code an input has reached. So neither cargo-fuzz
//! nor a nightly toolchain is needed, only a compiler for C++.
//! Address sanitising is left out: the code under test has no `unsafe`.

use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

use crate::packages;
use crate::run::{cargo, host, output, run};
use crate::workspace::Workspace;

/// Flags by which rustc counts edges and traces comparisons for libFuzzer.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
    --cfg fuzzing";

/// The default number of seconds for every target.
const SECONDS: u32 = 60;

/// The programs of all targets.
pub(crate) struct Fuzzers {
    programs: PathBuf,
    /// Directories of the first inputs, and of the inputs found: those that reach new
    /// code, and those that break a target.
    inputs: PathBuf,
    pub(crate) targets: Vec<Target>,
}

/// A target: its name, and the most bytes of an input.
pub(crate) struct Target {
    pub(crate) name: String,
    longest: String,
}

/// `./x fuzz [SECONDS] [TARGET...]`.
pub(crate) fn run_words(workspace: &Workspace, words: &[&str]) -> Result<()> {
    let number = words.first().and_then(|word| word.parse().ok());
    let names = &words[usize::from(number.is_some())..];
    let fuzzers = Fuzzers::build(workspace)?;
    let known = |name: &&str| fuzzers.targets.iter().any(|target| target.name == **name);
    if let Some(name) = names.iter().find(|name| !known(name)) {
        bail!("no target `{name}`: they lie in fuzz/fuzz_targets/");
    }
    let mut failed = 0;
    for target in &fuzzers.targets {
        if names.is_empty() || names.contains(&target.name.as_str()) {
            let result = fuzzers.run(target, number.unwrap_or(SECONDS));
            failed += u32::from(
                result
                    .inspect_err(|error| eprintln!("x: {error:#}"))
                    .is_err(),
            );
        }
    }
    if failed > 0 {
        bail!("{failed} targets found something, see above");
    }
    Ok(())
}

impl Fuzzers {
    /// Builds the programs and writes the inputs to begin with.
    pub(crate) fn build(workspace: &Workspace) -> Result<Self> {
        packages::ensure(&["c++"])?;
        let host = host()?;
        let inputs = workspace.target.join("fuzz");
        let mut prepare = cargo(workspace, "run");
        prepare.args(["--package=fuzz", "--bin=prepare", "--"]);
        let targets = output(prepare.arg(&inputs))?;
        let targets = targets.lines().filter_map(|line| line.split_once(' '));
        let targets: Vec<Target> = targets
            .map(|(name, longest)| Target {
                name: name.to_owned(),
                longest: longest.to_owned(),
            })
            .collect();

        let mut build = cargo(workspace, "build");
        build
            .args(["--package=fuzz", "--features=libfuzzer", "--profile=fuzz"])
            .args(
                targets
                    .iter()
                    .map(|target| format!("--bin={}", target.name)),
            )
            // With `--target`, build scripts are not instrumented.
            .args(["--target", &host])
            .env("RUSTFLAGS", COVERAGE);
        run(&mut build)?;
        Ok(Self {
            programs: workspace.target.join(host).join("fuzz"),
            inputs,
            targets,
        })
    }

    /// Runs every target for `seconds` seconds, two at a time.
    pub(crate) fn run_all(&self, seconds: u32) -> Vec<Result<()>> {
        let (left, right) = self.targets.split_at(self.targets.len() / 2);
        let run = |targets: &[Target]| -> Vec<_> {
            let results = targets.iter().map(|target| self.run(target, seconds));
            results.collect()
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(|| run(right));
            let mut results = run(left);
            results.extend(other.join().expect("a thread that only runs programs"));
            results
        })
    }

    /// Runs a target for `seconds` seconds, and prints its numbers of executions and
    /// edges.
    ///
    /// # Errors
    ///
    /// The target found a fault. The message has the input's file and the cause.
    pub(crate) fn run(&self, target: &Target, seconds: u32) -> Result<()> {
        let Target { name, longest } = target;
        let inputs = self.inputs.join(name);
        let mut program = Command::new(self.programs.join(name));
        program
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={longest}"))
            .arg(format!("-artifact_prefix={}-", inputs.display()))
            .args(["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"])
            .arg(&inputs);
        let result = program.output();
        let result = result.with_context(|| format!("cannot start {program:?}"))?;
        let said = String::from_utf8_lossy(&result.stderr);
        if !result.status.success() {
            bail!("target {name}: {}\n{said}", result.status);
        }
        let find = |mark: &str| {
            let mut lines = said.lines().rev();
            let rest = lines.find_map(|line| Some(line.split_once(mark)?.1.trim()));
            rest.and_then(|rest| rest.split(' ').next()).unwrap_or("?")
        };
        let runs = find("stat::number_of_executed_units:");
        println!("fuzz {name}: {runs} executions, {} edges", find("cov: "));
        Ok(())
    }
}
