//! The state file where it lies: on the EFI system partition of a disk.
//!
//! A partition that is mounted is written to through its mount, never through
//! the device below it. One that is not, and an image file, are written to by a
//! FAT library; the device is then opened so that nobody can mount it meanwhile.
//! Reading an unmounted one is left to the loader's own code, which thereby says
//! whether the loader will find the file.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use boot::disk::partition::Partition;
use layout::state;
use rustix::fs::{AtFlags, Mode, OFlags, major, minor};
use rustix::io::Errno;

use super::state_edit::{EditedVolume, StateEdit};
use crate::disk::{Access, Disk, attached, lock, reader};
use crate::error::Error;
use crate::number::{sector_bytes, to_u64, to_usize};
use crate::system::{Device, System, boot_disk, mounts};

/// The file's path without the slash in front.
const FILE: &str = state::PATH.split_at(1).1;

/// Where the state file of a disk lies.
pub struct Store {
    /// The disk.
    pub disk: PathBuf,
    place: StateLocation,
}

enum StateLocation {
    /// In this root directory, which is mounted there.
    Mounted(OwnedFd, PathBuf),
    /// On a partition that nobody has mounted.
    Partition(Partition, Window),
}

/// What holds a file system: a file or device, and where in it.
#[derive(Clone)]
struct Window {
    path: PathBuf,
    first: u64,
    sectors: u64,
    /// It is a device, which somebody could mount.
    device: bool,
}

impl Store {
    /// The store of `disk`, or of the one that the system was started from.
    ///
    /// # Errors
    /// There is no such disk, it has no place for the file, or it is in use.
    pub fn find(system: &System, disk: Option<&Path>) -> Result<Self, Error> {
        Self::look(system, disk)?
    }

    /// The same, or why the disk has no place for the file.
    ///
    /// # Errors
    /// There is no such disk, or it is in use.
    pub fn look(system: &System, disk: Option<&Path>) -> Result<Result<Self, Error>, Error> {
        let device = match disk {
            None => Some(boot_disk(system)?),
            Some(disk) => device(system, disk)?,
        };
        let disk = match &device {
            None => disk.unwrap_or(Path::new("")).to_owned(),
            Some(device) => system.file(device),
        };
        let place = place(system, &disk, device.as_ref()).map_err(|error| error.on(&disk))?;
        Ok(match place {
            Ok(place) => Ok(Self { disk, place }),
            Err(none) => Err(none.on(&disk)),
        })
    }

    /// The bytes of the file, if there is one.
    ///
    /// # Errors
    /// The file system or the file cannot be read.
    pub fn read(&self) -> Result<Option<Vec<u8>>, Error> {
        match &self.place {
            StateLocation::Mounted(root, at) => match read_mounted(root) {
                Err(Errno::NOENT) => Ok(None),
                read => read
                    .map(Some)
                    .map_err(|error| cannot_read(at, error.into())),
            },
            StateLocation::Partition(partition, _) => Disk::open(&self.disk, Access::Read)
                .and_then(|disk| reader::file(disk, partition, state::PATH))
                .map_err(|error| error.on(&self.disk)),
        }
    }

    /// Writes the file and waits until it is on the medium. A file that has the
    /// right size already keeps its place.
    ///
    /// # Errors
    /// The file cannot be written, or reads back differently; or another program keeps
    /// the lock of a disk that is not mounted.
    pub fn write(&self, bytes: &[u8; state::SIZE]) -> Result<(), Error> {
        match &self.place {
            StateLocation::Mounted(root, at) => {
                let path = at.join(FILE);
                write_mounted(root, bytes)
                    .map_err(|error| Error::file("write", &path, &error.into()))
            }
            StateLocation::Partition(_, window) => {
                // Held until the file has been read back.
                let whole = File::open(&self.disk)
                    .map_err(|error| Error::file("open", &self.disk, &error))?;
                lock::lock(&whole, lock::PATIENCE).map_err(|error| error.on(&self.disk))?;
                window.write(bytes).map_err(|error| {
                    let what = format!("write {} on", state::PATH);
                    Error::file(&what, &window.path, &error)
                })?;
                match self.read()? {
                    Some(found) if found == bytes => Ok(()),
                    _ => Err(Error::failed(format!(
                        "{} reads back differently, so the loader would not find what was set: \
                         run fsck.vfat",
                        state::PATH
                    ))
                    .on(&self.disk)),
                }
            }
        }
    }
}

/// The device that `disk` is, or nothing for an image file, which must not be
/// in use.
fn device(system: &System, disk: &Path) -> Result<Option<Device>, Error> {
    let metadata = std::fs::metadata(disk).map_err(|error| Error::file("open", disk, &error))?;
    if metadata.file_type().is_block_device() {
        let number = metadata.rdev();
        let number = format!("{}:{}", major(number), minor(number));
        return system.numbered(&number).map(Some);
    }
    attached::refuse(disk, &system.path(attached::DEVICES)).map_err(|error| error.on(disk))?;
    Ok(None)
}

/// Where the file lies; the inner error says why the disk has no place for it.
fn place(
    system: &System,
    disk: &Path,
    device: Option<&Device>,
) -> Result<Result<StateLocation, Error>, Error> {
    let esp = match reader::partitions(Disk::open(disk, Access::Read)?) {
        Ok(partitions) => partitions.esp,
        Err(none) => return Ok(Err(none)),
    };
    let Some(esp) = esp else {
        return Ok(Err(Error::failed(
            "it has no EFI system partition, on which the state file would lie: name another disk",
        )));
    };
    if !reader::holds_fat(Disk::open(disk, Access::Read)?, &esp) {
        return Ok(Err(Error::failed(format!(
            "the EFI system partition at sector {} holds no FAT file system, on which the state \
             file would lie: is this the right disk?",
            esp.first.0
        ))));
    }
    let whole = Window {
        path: disk.to_owned(),
        first: esp.first.0,
        sectors: esp.sectors,
        device: device.is_some(),
    };
    // Without a device of its own a partition can't be mounted.
    let partition = device.and_then(|device| system.partition_at(device, esp.first.0).ok());
    let Some(partition) = partition else {
        return Ok(Ok(StateLocation::Partition(esp, whole)));
    };
    Ok(Ok(match mounts::of(system, &partition)? {
        Some(mount) => {
            StateLocation::Mounted(mounts::open(system, &mount)?, system.path(&mount.at))
        }
        None => {
            let path = system.file(&partition);
            let window = Window {
                path,
                first: 0,
                ..whole
            };
            StateLocation::Partition(esp, window)
        }
    }))
}

fn cannot_read(at: &Path, error: io::Error) -> Error {
    Error::file("read", &at.join(FILE), &error)
}

fn read_mounted(root: &OwnedFd) -> rustix::io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = rustix::fs::openat(root, FILE, flags, Mode::empty())?;
    // One byte more than there should be shows that there are too many.
    let mut bytes = Vec::with_capacity(state::SIZE + 1);
    let mut file = File::from(file).take(to_u64(state::SIZE + 1));
    match file.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
    }
}

fn write_mounted(root: &OwnedFd, bytes: &[u8]) -> rustix::io::Result<()> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let opened = rustix::fs::openat(root, FILE, flags, Mode::empty());
    let in_place = match &opened {
        Err(Errno::NOENT) => false,
        Err(error) => return Err(*error),
        Ok(file) => to_usize(rustix::fs::fstat(file)?.st_size) == state::SIZE,
    };
    let file = match opened {
        Ok(file) if in_place => file,
        opened => {
            if opened.is_ok() {
                rustix::fs::unlinkat(root, FILE, AtFlags::empty())?;
            }
            let directory = Path::new(FILE).parent().unwrap_or(Path::new(""));
            match rustix::fs::mkdirat(root, directory, Mode::from(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
            let flags = flags | OFlags::CREATE | OFlags::EXCL;
            rustix::fs::openat(root, FILE, flags, Mode::from(0o644))?
        }
    };
    let written = File::from(file.try_clone().map_err(|_| Errno::MFILE)?).write_all_at(bytes, 0);
    written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    rustix::fs::fsync(&file)?;
    match in_place {
        true => Ok(()),
        // The directories too.
        false => rustix::fs::syncfs(root),
    }
}

impl Window {
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        if self.device {
            // Fails while anybody has the device mounted or otherwise in use.
            options.custom_flags(OFlags::EXCL.bits().cast_signed());
        }
        let file = options.open(&self.path)?;
        let edit = RefCell::new(StateEdit::new(&file, self.first, self.sectors));
        let volume = fatfs::FileSystem::new(EditedVolume::of(&edit), fatfs::FsOptions::new())?;
        match write_library(&volume, bytes) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(io::Error::other(format!(
                    "there is no directory /loader, and gapboot makes it on mounted \
                     file systems only: mount the partition, or make it: \
                     mmd -i {}@@{} ::/loader",
                    self.path.display(),
                    sector_bytes(self.first)
                )));
            }
            // The library has no kind for it.
            Err(error) if error.to_string().starts_with("No space left") => {
                return Err(io::Error::new(io::ErrorKind::StorageFull, error));
            }
            written => written?,
        }
        volume.unmount()?;
        edit.borrow().commit()
    }
}

/// Fails with `NotFound` if there is no directory for the file.
fn write_library(volume: &fatfs::FileSystem<EditedVolume>, bytes: &[u8]) -> io::Result<()> {
    let root = volume.root_dir();
    let (directory, name) = FILE.split_once('/').unwrap_or(("", FILE));
    let directory = root.open_dir(directory)?;
    match directory.open_file(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        file => {
            if file?.seek(SeekFrom::End(0))? != to_u64(bytes.len()) {
                directory.remove(name)?;
            }
        }
    }
    // Opens it, if it is there.
    let mut file = directory.create_file(name)?;
    file.write_all(bytes)?;
    file.flush()
}
