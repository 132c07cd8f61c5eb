//! One thing that is wrong, and what must come of it.

use super::surgery::Patient;

/// The entry that is broken, and the one beside it.
pub const VICTIM: &str = "victim.conf";
/// The same where it is a unified kernel image.
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

/// One broken disk, of which nothing is expected yet.
pub(super) struct Broken {
    name: &'static str,
    model: Model,
    act: fn(&mut Patient),
}

/// One broken disk, and what is expected of it: what boots, what a person is told, or
/// both. There is none of which nothing is expected.
pub struct Case {
    /// What is wrong with it.
    pub name: &'static str,
    /// The disk that is broken.
    pub model: Model,
    /// Breaks it.
    pub act: fn(&mut Patient),
    /// The entry that boots all the same.
    pub boots: Option<&'static str>,
    /// The entry whose kernel that is: another one's, where the victim's text is.
    pub kernel: &'static str,
    /// What one of the messages says, all of it. Never empty where nothing boots.
    pub says: &'static [&'static str],
}

impl Broken {
    pub(super) const fn fat32(mut self) -> Self {
        self.model = Model::Fat32;
        self
    }

    /// It boots as if nothing were wrong.
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

    /// Nothing boots, and a person is told this.
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

    /// And a person is told this.
    pub(super) const fn says(mut self, parts: &'static [&'static str]) -> Self {
        assert!(!parts.is_empty(), "a case must say what is expected");
        self.says = parts;
        self
    }
}
