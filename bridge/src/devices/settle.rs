//! When everything is there that will be there soon.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// No message came for so long: nothing more comes, unless a driver is still at work.
const QUIET: Duration = Duration::from_millis(300);

/// A wait for devices.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// When it began.
    pub since: Instant,
    /// How long it lasts at most.
    pub limit: Duration,
}

/// What is known of the devices at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// When the last message came.
    pub last: Instant,
    /// What was asked for is there; nothing if nothing was asked for.
    pub is_there: Option<bool>,
    /// A driver is still at work.
    pub is_busy: bool,
}

impl Wait {
    /// How long to wait for the next message; nothing if the wait is over.
    #[must_use]
    pub fn left(&self, now: Instant, known: &Known) -> Option<Duration> {
        let limit = self
            .limit
            .checked_sub(now.saturating_duration_since(self.since))?;
        if known.is_there == Some(true) || limit.is_zero() {
            return None;
        }
        let quiet = QUIET.saturating_sub(now.saturating_duration_since(known.last));
        let is_settled = quiet.is_zero() && !known.is_busy && known.is_there.is_none();
        match is_settled {
            true => None,
            false if quiet.is_zero() => Some(limit.min(QUIET)),
            false => Some(limit.min(quiet)),
        }
    }
}

/// Whether a driver has a device of which its disks are still to come.
#[must_use]
pub fn is_busy(root: &Path) -> bool {
    let is_starting = |controller: &Path| {
        let state = fs::read_to_string(controller.join("state")).unwrap_or_default();
        matches!(state.trim(), "new" | "connecting" | "resetting")
    };
    let controllers = children(&root.join("sys/class/nvme"));
    if controllers.iter().any(|controller| is_starting(controller)) {
        return true;
    }
    // A stick gets its disk a second after its driver.
    let sticks = ["usb-storage", "uas"].map(|driver| root.join("sys/bus/usb/drivers").join(driver));
    let interfaces = sticks.iter().flat_map(|driver| children(driver));
    let hosts = interfaces.flat_map(|interface| below(&interface, "host"));
    hosts
        .into_iter()
        .any(|host| below(&host, "target").is_empty())
}

fn children(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn below(directory: &Path, start: &str) -> Vec<std::path::PathBuf> {
    let mut found = children(directory);
    found.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().starts_with(start)
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// The answer after so many milliseconds, when the last message came at another one.
    fn left(now: u64, last: u64, is_there: Option<bool>, is_busy: bool) -> Option<u128> {
        let since = Instant::now();
        let at = |ms| since + Duration::from_millis(ms);
        let known = Known {
            last: at(last),
            is_there,
            is_busy,
        };
        let wait = Wait {
            since,
            limit: LIMIT,
        };
        wait.left(at(now), &known).map(|left| left.as_millis())
    }

    #[test]
    fn ends_when_it_is_there() {
        assert_eq!(left(10, 10, Some(true), true), None);
        assert_eq!(left(10, 10, Some(false), false), Some(300));
        assert_eq!(left(5000, 10, Some(false), false), Some(300));
    }

    #[test]
    fn ends_when_it_is_quiet() {
        assert_eq!(left(100, 50, None, false), Some(250));
        assert_eq!(left(400, 50, None, false), None);
        assert_eq!(left(400, 50, None, true), Some(300));
    }

    #[test]
    fn ends_at_the_limit() {
        assert_eq!(left(9900, 9900, Some(false), true), Some(100));
        assert_eq!(left(10_000, 9999, Some(false), true), None);
        assert_eq!(left(11_000, 9999, None, true), None);
    }

    #[test]
    fn drivers_at_work() {
        let root = tempfile::tempdir().unwrap();
        let path = |path: &str| root.path().join(path);
        assert!(!is_busy(root.path()));
        let stick = path("sys/bus/usb/drivers/usb-storage/1-1:1.0/host2");
        fs::create_dir_all(&stick).unwrap();
        assert!(is_busy(root.path()));
        fs::create_dir_all(stick.join("target2:0:0")).unwrap();
        assert!(!is_busy(root.path()));
        fs::create_dir_all(path("sys/class/nvme/nvme0")).unwrap();
        fs::write(path("sys/class/nvme/nvme0/state"), "connecting\n").unwrap();
        assert!(is_busy(root.path()));
        fs::write(path("sys/class/nvme/nvme0/state"), "live\n").unwrap();
        assert!(!is_busy(root.path()));
    }
}
