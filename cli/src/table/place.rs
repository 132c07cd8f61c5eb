//! Who lies where on a disk.

/// A kind of place, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A part of the partition table.
    Table,
    /// An EFI system partition.
    Esp,
    /// The partition of this number, in which GRUB keeps its second part.
    BiosBoot(usize),
    /// Any other partition.
    Partition,
}

/// A place on the disk that belongs to someone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedRange {
    /// Its kind.
    pub kind: Kind,
    /// Its first sector.
    pub first: u64,
    /// Its last sector.
    pub last: u64,
    /// Whose it is.
    pub owner: String,
}

impl OwnedRange {
    /// The sectors from `first` to `last`.
    pub fn new(kind: Kind, first: u64, last: u64, owner: &str) -> Self {
        Self {
            kind,
            first,
            last,
            owner: owner.to_owned(),
        }
    }

    /// True if any of `count` sectors from `at` on lies in it.
    pub fn has_any(&self, at: u64, count: u64) -> bool {
        self.first < at.saturating_add(count) && self.last >= at
    }
}

/// What a partition table says of who lies where.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The partitions on which the loader looks for entries.
    pub boot: Vec<OwnedRange>,
    /// All partitions, those with entries included.
    pub partitions: Vec<OwnedRange>,
    /// What the table itself takes.
    pub own: Vec<OwnedRange>,
}

impl Places {
    /// Who owns any of `count` sectors from `at` on.
    pub fn occupant(&self, at: u64, count: u64) -> Option<&OwnedRange> {
        let mut places = self.own.iter().chain(&self.partitions);
        places.find(|place| place.has_any(at, count))
    }

    /// Where the first partition begins.
    pub fn first_partition(&self) -> Option<u64> {
        self.partitions.iter().map(|place| place.first).min()
    }
}
