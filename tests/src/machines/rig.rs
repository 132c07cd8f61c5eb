//! Common to machines of every kind: running them, and how they end.

use super::screen::Screen;
use anyhow::{Result, bail};
use std::fmt::Debug;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Condvar, Mutex, MutexGuard};

/// A machine that is ready to be started.
pub trait Rig: Debug {
    /// Runs the machine until it ends by itself or its time is over.
    fn run(&self) -> Result<Outcome>;
}

/// How a machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// QEMU's exit status: 0 when the guest powered off or restarted,
    /// 2 v + 1 when it wrote v to `isa-debug-exit`. v86 does the same. Bochs always ends
    /// with 1.
    Status(i32),
    /// It was stopped when its time was over or the test had seen enough.
    Stopped,
}

/// How a machine ended that nobody stopped.
///
/// # Errors
///
/// A signal ended the emulator, which is a fault of the emulator or of this host. The
/// message has the signal, and `said`, the output of the emulator.
pub(super) fn exit(emulator: &str, status: ExitStatus, said: &str) -> Result<Exit> {
    match status.code() {
        Some(code) => Ok(Exit::Status(code)),
        None => {
            let signal = status.signal().unwrap_or_default();
            let name = match signal {
                4 => " (SIGILL)",
                6 => " (SIGABRT)",
                7 => " (SIGBUS)",
                9 => " (SIGKILL: perhaps the host ran out of memory)",
                11 => " (SIGSEGV)",
                15 => " (SIGTERM)",
                _ => "",
            };
            bail!("{emulator} was ended by signal {signal}{name}; it had printed:\n{said}")
        }
    }
}

/// The outcome of a machine.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub exit: Exit,
    /// The output on COM1, with invalid UTF-8 replaced.
    pub serial: String,
    /// The screen when the machine was stopped, if the machine can show it.
    pub screen: Option<Screen>,
}

/// The right to run one of two machines at a time.
pub(crate) struct Slot;

static FREE_SLOTS: Mutex<u32> = Mutex::new(2);
static SLOT_FREED: Condvar = Condvar::new();

impl Slot {
    /// Waits until a machine may run.
    pub(crate) fn take() -> Self {
        let mut free = lock(&FREE_SLOTS);
        while *free == 0 {
            free = SLOT_FREED
                .wait(free)
                .unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        *free -= 1;
        Self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *lock(&FREE_SLOTS) += 1;
        SLOT_FREED.notify_one();
    }
}

/// Locks a mutex even after a panic: no panic can leave its data in disorder.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::{Exit, exit};
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    #[test]
    fn a_signal_is_told_with_what_was_printed() {
        let ended = exit("Bochs", ExitStatus::from_raw(3 << 8), "");
        assert_eq!(ended.unwrap(), Exit::Status(3));
        let error = exit("Bochs", ExitStatus::from_raw(6), "buffer overflow").unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("Bochs was ended by signal 6 (SIGABRT)"),
            "{error}"
        );
        assert!(error.contains("buffer overflow"), "{error}");
    }
}
