//! What GRUB has loaded, ready to be booted.

use alloc::string::String;
use alloc::vec::Vec;

use crate::menu::{Boots, Chain, Module};
use crate::storage::Location;

/// What is loaded.
#[derive(Clone, Debug, Default)]
pub(super) enum Loaded {
    /// Nothing yet.
    #[default]
    Nothing,
    /// By `linux` and `initrd`.
    Linux {
        /// The kernel.
        kernel: Location,
        /// Its command line.
        cmdline: String,
        /// By the last `initrd`.
        initrds: Vec<Location>,
    },
    /// By `multiboot` and `module`.
    Multiboot {
        /// 1 or 2.
        version: u8,
        /// The kernel.
        kernel: Location,
        /// Its command line.
        cmdline: String,
        /// In their order.
        modules: Vec<Module>,
    },
    /// By `chainloader`.
    Chain(Chain),
    /// It cannot be started here: why.
    Other(String),
}

impl Loaded {
    /// What an entry boots that loaded this. `None` if nothing is loaded.
    pub(super) fn boots(self) -> Option<Boots> {
        Some(match self {
            Self::Nothing => return None,
            Self::Linux {
                kernel,
                cmdline,
                initrds,
            } => Boots::Linux {
                kernel,
                initrds,
                cmdline,
            },
            Self::Multiboot {
                version,
                kernel,
                cmdline,
                modules,
            } => Boots::Multiboot {
                version,
                kernel,
                cmdline,
                modules,
            },
            Self::Chain(chain) => Boots::Chain(chain),
            Self::Other(reason) => Boots::Nothing(reason),
        })
    }
}
