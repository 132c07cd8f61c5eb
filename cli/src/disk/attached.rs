//! Image files that the running system uses as a block device. To write into such a
//! file is to write into a disk behind the back of those who have it mounted.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::Error;

/// Block devices by their names in the kernel.
pub const DEVICES: &str = "/sys/class/block";

/// Refuses an image file that is attached as one of the loop devices in the directory
/// `devices` ([`DEVICES`]).
///
/// # Errors
/// It is attached.
pub fn refuse(image: &Path, devices: &Path) -> Result<(), Error> {
    match loop_device(image, devices) {
        None => Ok(()),
        Some(name) => Err(Error::failed(format!(
            "it is in use as /dev/{name}: name that device, or detach it (`losetup -d /dev/{name}`)"
        ))),
    }
}

/// The loop device through which the system uses this file, by whatever path.
fn loop_device(image: &Path, devices: &Path) -> Option<String> {
    let identity = |path: &Path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    };
    let image = identity(image)?;
    let uses_image = |device: &fs::DirEntry| {
        let backing = fs::read_to_string(device.path().join("loop/backing_file"));
        backing.is_ok_and(|backing| identity(Path::new(backing.trim_end())) == Some(image))
    };
    let mut devices = fs::read_dir(devices).ok()?.flatten();
    let device = devices.find(uses_image)?;
    Some(device.file_name().to_string_lossy().into_owned())
}
