//! The reads of a machine from its disk, by QEMU's trace of its block layer.

use crate::images::SECTOR;
use crate::machines::qemu::{Exit, Machine};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::ops::Range;

/// A request of the guest's.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    /// When QEMU got it, in seconds of the host's clock.
    pub(super) seconds: f64,
    /// The sectors that it reads.
    pub(super) sectors: Range<u64>,
}

/// Runs a machine until the guest ends it with `status`, and returns its reads, from the
/// BIOS's first sector on.
pub(super) fn requests(machine: Machine, status: i32) -> Result<Vec<Request>> {
    let files = tempfile::tempdir()?;
    let log = files.path().join("log");
    let machine = machine.arguments(&["-trace", "blk_co_preadv", "-msg", "timestamp=on", "-D"]);
    let outcome = machine.arguments(&[&log.display().to_string()]).run()?;
    ensure!(
        outcome.exit == Exit::Status(status),
        "the machine ended with {:?}, not with {status}\nserial line:\n{}\nscreen:\n{}",
        outcome.exit,
        outcome.serial,
        outcome
            .screen
            .map(|screen| screen.text())
            .unwrap_or_default()
    );
    let log = fs::read_to_string(log)?;
    let mut requests = log.lines().filter(|line| line.contains(EVENT)).map(|line| {
        parse(line).with_context(|| format!("QEMU's trace has an unknown form: {line}"))
    });
    // The first one is QEMU's own: it guesses the disk's geometry.
    let own = requests.next().context("QEMU traced no request")??;
    ensure!(own.sectors == (0..1), "the first request is {own:?}");
    requests.collect()
}

const EVENT: &str = ":blk_co_preadv ";

/// Reads a line: `1623@1795238154.922044:blk_co_preadv blk 0x5648 bs 0x5648
/// offset 0 bytes 512 flags 0x0`.
fn parse(line: &str) -> Option<Request> {
    let (head, rest) = line.split_once(EVENT)?;
    let (_, seconds) = head.rsplit_once('@')?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let number = |name: &str| {
        let at = words.iter().position(|word| *word == name)?;
        words.get(at + 1)?.parse::<u64>().ok()
    };
    let start = number("offset")?;
    let end = start + number("bytes")?;
    Some(Request {
        seconds: seconds.parse().ok()?,
        sectors: start / SECTOR..end.div_ceil(SECTOR),
    })
}

#[cfg(test)]
mod tests {
    use super::{Request, parse};

    #[test]
    fn a_line() {
        let line = "1623@1795238154.922044:blk_co_preadv blk 0x56480b9c19b0 bs 0x56480b9d4d30 \
                    offset 1024 bytes 65024 flags 0x0";
        let expected = Request {
            seconds: 1_795_238_154.922_044,
            sectors: 2..129,
        };
        assert_eq!(parse(line), Some(expected));
        assert_eq!(parse("1@2.3:blk_co_preadv offset 1"), None);
    }
}
