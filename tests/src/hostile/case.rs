//! One fault of a disk, and the expected result.

use super::surgery::Patient;

/// The entry that is broken, and its neighbour.
pub const VICTIM: &str = "victim.conf";
/// The broken entry if it is a unified kernel image.
pub const IMAGE: &str = "victim.efi";
/// See [`VICTIM`].
pub const HEALTHY: &str = "healthy.conf";

/// A good disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    /// With a FAT16 file system.
    Fat16,
    /// With FAT32.
    Fat32,
    /// With FAT16, and a unified kernel image for the victim.
    Uki,
}

/// One broken disk, without an expected result yet.
pub(super) struct Broken {
    name: &'static str,
    model: Model,
    act: fn(&mut Patient),
}

/// One broken disk, and the expected result: the entry that boots, the message to the
/// user, or both. Every case expects something.
pub struct Case {
    /// The fault, in words.
    pub name: &'static str,
    /// The disk that is broken.
    pub model: Model,
    /// Breaks the disk.
    pub act: fn(&mut Patient),
    /// The entry that boots despite the fault; `None` if no entry boots.
    pub boots: Option<&'static str>,
    /// The entry whose kernel is started. It differs from `boots` if the victim's text
    /// names another entry's kernel.
    pub kernel: &'static str,
    /// Texts that one of the messages contains, all of them. Never empty if no entry boots.
    pub says: &'static [&'static str],
}

impl Broken {
    pub(super) const fn fat32(mut self) -> Self {
        self.model = Model::Fat32;
        self
    }

    /// The disk boots as if it had no fault.
    pub(super) const fn boots(self) -> Case {
        self.boots_as(VICTIM)
    }

    /// The victim is lost, its neighbour boots.
    pub(super) const fn costs_itself(self) -> Case {
        self.boots_as(HEALTHY)
    }

    /// This entry boots.
    pub(super) const fn boots_as(self, id: &'static str) -> Case {
        self.boots_kernel_of(id, id)
    }

    /// The first entry boots, with the kernel of the second one.
    pub(super) const fn boots_kernel_of(self, id: &'static str, kernel: &'static str) -> Case {
        self.case(Some(id), kernel)
    }

    /// No entry boots, and the user is told this.
    pub(super) const fn says(self, parts: &'static [&'static str]) -> Case {
        self.case(None, VICTIM).says(parts)
    }

    const fn case(self, boots: Option<&'static str>, kernel: &'static str) -> Case {
        Case {
            name: self.name,
            model: self.model,
            act: self.act,
            boots,
            kernel,
            says: &[],
        }
    }
}

/// A disk that is broken like this.
pub(super) const fn broken(name: &'static str, act: fn(&mut Patient)) -> Broken {
    Broken {
        name,
        model: Model::Fat16,
        act,
    }
}

impl Case {
    pub(super) const fn uki(mut self) -> Self {
        self.model = Model::Uki;
        self
    }

    /// The user is also told this.
    pub(super) const fn says(mut self, parts: &'static [&'static str]) -> Self {
        assert!(!parts.is_empty(), "a case must say what is expected");
        self.says = parts;
        self
    }
}
