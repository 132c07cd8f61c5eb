//! All disks of a machine together, as the bridge sees them: read here where that is
//! possible, else where Linux has mounted them.

use std::path::Path;
use std::rc::Rc;

use menus::storage::Failure;

use crate::bytes::Bytes;
use crate::file_system::unreadable;
use crate::image;
use crate::volumes::{Volume, Volumes};

/// The disks of a machine.
#[derive(Default)]
pub struct Machine {
    disks: Vec<Vec<Volume>>,
    /// Numbers that the firmware gave to disks, and the disks.
    numbers: Vec<(u32, usize)>,
}

/// A file system that is not read here.
pub struct Unread {
    /// The number of the disk.
    pub disk: usize,
    /// The number of the partition, or 0 for the whole disk.
    pub partition: u32,
    /// What it is called: `sda1`.
    pub device: String,
    /// GRUB's name for it, if it has one.
    pub file_system: Option<String>,
    /// Why it is not read.
    pub failure: Failure,
}

/// The name of a partition: `sda1`, `nvme0n1p1`. That of partition 0 is the disk's.
#[must_use]
pub fn partition_name(disk: &str, partition: u32) -> String {
    match partition {
        0 => disk.to_owned(),
        _ if disk.ends_with(|last: char| last.is_ascii_digit()) => format!("{disk}p{partition}"),
        _ => format!("{disk}{partition}"),
    }
}

impl Machine {
    /// Adds a disk, by its name and its node.
    ///
    /// # Errors
    ///
    /// It cannot be opened. It counts as a disk with nothing on it.
    pub fn add(&mut self, name: &str, node: &Path) -> Result<(), Failure> {
        let opened = image::open(node).map_err(|error| unreadable(&error));
        let volumes = opened.map(|(bytes, sector)| {
            let bytes: Rc<dyn Bytes> = Rc::new(bytes);
            let mut volumes = Volume::all(&bytes, sector);
            for volume in &mut volumes {
                volume.called = partition_name(name, volume.number());
            }
            volumes
        });
        let (volumes, result) = match volumes {
            Ok(volumes) => (volumes, Ok(())),
            Err(failure) => (Vec::new(), Err(failure)),
        };
        self.disks.push(volumes);
        result
    }

    /// The file systems that are not read here.
    #[must_use]
    pub fn unread(&self) -> Vec<Unread> {
        let volumes = self.disks.iter().enumerate();
        let volumes = volumes.flat_map(|(disk, volumes)| volumes.iter().map(move |v| (disk, v)));
        let unread = volumes.filter_map(|(disk, volume)| {
            Some(Unread {
                disk,
                partition: volume.number(),
                device: volume.called.clone(),
                file_system: volume.properties.file_system.clone(),
                failure: volume.problem()?,
            })
        });
        unread.collect()
    }

    /// A file system is mounted here.
    ///
    /// # Errors
    ///
    /// The directory cannot be opened, or there is no such partition.
    pub fn mounted(&mut self, disk: usize, partition: u32, at: &Path) -> Result<(), Failure> {
        let mut volumes = self.disks.get_mut(disk).into_iter().flatten();
        let volume = volumes.find(|volume| volume.number() == partition);
        let volume = volume.ok_or(Failure::Missing)?;
        *volume = volume.mounted(at)?;
        Ok(())
    }

    /// From now on disks have these numbers for menus: the firmware's number, and the disk.
    pub fn number(&mut self, numbers: &[(u32, usize)]) {
        self.numbers = numbers.to_vec();
    }

    /// The number of disks.
    #[must_use]
    pub fn count(&self) -> usize {
        self.disks.len()
    }

    /// All devices, each with the number of its disk.
    #[must_use]
    pub fn all(&self) -> Volumes {
        self.seen(0, &[])
    }

    /// All devices, those of one disk first: that is the firmware's first one for a menu on
    /// it, unless it was given another number, and the only one on which menus are looked
    /// for.
    #[must_use]
    pub fn seen_from(&self, disk: usize) -> Volumes {
        self.seen(disk, &self.numbers)
    }

    fn seen(&self, disk: usize, numbers: &[(u32, usize)]) -> Volumes {
        let first = self.disks.iter().enumerate().skip(disk).take(1);
        let others = self.disks.iter().enumerate();
        let others = others.filter(|(number, _)| *number != disk);
        let given = |disk: usize| numbers.iter().find(|(_, own)| *own == disk);
        let mut free = (0..).filter(|free| numbers.iter().all(|(number, _)| number != free));
        let all = first.chain(others).flat_map(|(own, volumes)| {
            let number = given(own).map(|(number, _)| *number);
            let number = number.or_else(|| free.next());
            volumes.iter().map(move |volume| {
                let mut volume = volume.clone();
                volume.properties.disk = number;
                volume.has_menus &= own == disk;
                volume
            })
        });
        Volumes::new(all.collect::<Vec<_>>())
    }
}

impl Volume {
    /// The number of its partition, or 0 for a whole disk.
    fn number(&self) -> u32 {
        let partition = self.properties.partition.as_ref();
        partition.map_or(0, |partition| partition.number)
    }
}
