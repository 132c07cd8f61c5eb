//! A [`Storage`] in memory, for tests and for fuzzing.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::storage::{Device, Failure, Kind, Location, Properties, Storage};

/// Devices with files.
#[derive(Default, Debug)]
pub struct Memory {
    devices: Vec<Properties>,
    files: BTreeMap<Location, Vec<u8>>,
    loops: BTreeMap<Location, Device>,
}

impl Memory {
    /// Adds a device.
    pub fn add(&mut self, properties: Properties) -> Device {
        let number = u32::try_from(self.devices.len()).unwrap_or(u32::MAX);
        self.devices.push(properties);
        Device(number)
    }

    /// Adds a file, and the directories around it.
    pub fn file(&mut self, device: Device, path: &str, content: &[u8]) {
        if let Some(at) = Location::new(device, path) {
            self.files.insert(at, content.to_vec());
        }
    }

    /// Makes a file a file system of its own: the device.
    pub fn image(&mut self, at: Location, device: Device) {
        self.loops.insert(at, device);
    }

    /// What lies below a directory, as paths from there.
    fn below<'a>(&'a self, at: &Location) -> impl Iterator<Item = &'a str> {
        let prefix = match at.path.as_str() {
            "/" => "/".to_string(),
            path => alloc::format!("{path}/"),
        };
        let device = at.device;
        let files = self.files.keys().filter(move |file| file.device == device);
        files.filter_map(move |file| file.path.strip_prefix(&*prefix))
    }
}

impl Storage for Memory {
    fn devices(&self) -> Vec<Device> {
        (0..).map(Device).take(self.devices.len()).collect()
    }

    fn properties(&self, device: Device) -> Properties {
        let at = usize::try_from(device.0).ok();
        let properties = at.and_then(|at| self.devices.get(at));
        properties.cloned().unwrap_or_default()
    }

    fn read(&self, file: &Location, limit: usize) -> Result<Vec<u8>, Failure> {
        let content = self.files.get(file).ok_or(Failure::Missing)?;
        match content.len() <= limit {
            true => Ok(content.clone()),
            false => Err(Failure::Large),
        }
    }

    fn kind(&self, at: &Location) -> Result<Kind, Failure> {
        match self.files.get(at) {
            Some(content) => Ok(Kind::File {
                size: u64::try_from(content.len()).unwrap_or(u64::MAX),
            }),
            None if self.below(at).next().is_some() => Ok(Kind::Directory),
            None => Err(Failure::Missing),
        }
    }

    fn directory(&self, at: &Location, limit: usize) -> Result<Vec<String>, Failure> {
        let names = self.below(at).filter_map(|path| path.split('/').next());
        let mut names: Vec<String> = names.map(ToString::to_string).collect();
        names.dedup();
        match names.len() {
            0 => Err(Failure::Missing),
            many if many > limit => Err(Failure::Large),
            _ => Ok(names),
        }
    }

    fn loopback(&self, file: &Location) -> Result<Device, Failure> {
        self.loops.get(file).copied().ok_or(Failure::Missing)
    }
}
