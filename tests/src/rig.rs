//! What machines of every kind have in common: that they run, and how they end.

use crate::qemu::Screen;
use anyhow::Result;
use std::fmt::Debug;
use std::sync::{Condvar, Mutex, MutexGuard};

/// A machine that is ready to be started.
pub trait Rig: Debug {
    /// Runs it until it ends by itself or its time is over.
    fn run(&self) -> Result<Outcome>;
}

/// How a machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// QEMU's exit status: 0 when the guest powered off or restarted,
    /// 2 v + 1 when it wrote v to `isa-debug-exit`. Bochs always ends with 1.
    Status(i32),
    /// It was stopped when its time was over or the test had seen enough.
    Stopped,
}

/// What a machine left behind.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub exit: Exit,
    /// What came out of COM1, invalid UTF-8 replaced.
    pub serial: String,
    /// The screen when it was stopped, where the machine shows it to us.
    pub screen: Option<Screen>,
}

/// The right to run one of two machines at a time.
pub(crate) struct Slot;

static FREE_SLOTS: Mutex<u32> = Mutex::new(2);
static SLOT_FREED: Condvar = Condvar::new();

impl Slot {
    /// Waits for one.
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

/// Locks what no panic can leave in disorder.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
