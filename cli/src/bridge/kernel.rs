//! The kernel of a bridge, and what it must have built in: what is needed until the first
//! module is loaded, and kexec.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::system::System;
use crate::uki::content::{Content, SourceFile};
use crate::uki::inputs;
use crate::uki::kernel::InnerKernel;
use crate::uki::pe::Pe;

/// What a kernel's configuration must have, each by one of its options.
const BUILT_IN: [&[&str]; 8] = [
    &["CONFIG_KEXEC", "CONFIG_KEXEC_FILE"],
    &["CONFIG_BLK_DEV_INITRD"],
    &["CONFIG_RD_ZSTD"],
    &["CONFIG_BINFMT_ELF"],
    &["CONFIG_DEVTMPFS"],
    &["CONFIG_PROC_FS"],
    &["CONFIG_SYSFS"],
    &["CONFIG_TTY"],
];

/// A kernel that a bridge can be made of.
#[derive(Debug)]
pub struct Kernel {
    path: PathBuf,
    /// The file.
    pub content: Content,
    /// Its version, as `uname -r` prints it.
    pub version: String,
    has_efi_stub: bool,
}

impl Kernel {
    /// Opens a kernel; by default, that of the running system.
    ///
    /// # Errors
    /// It cannot be read, or is not a 64-bit bzImage that says its version.
    pub fn open(path: Option<&Path>, system: &System) -> Result<Self, Error> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => running(system)?,
        };
        let wrong = |problem: &str| Error::failed(problem).on(&path);
        let source = SourceFile::open(&path)?;
        let content = inputs::kernel(&source)?;
        let header = InnerKernel::read(&content).map_err(|error| error.on(&path))?;
        if !header.is_64_bit() {
            return Err(wrong(
                "the kernel is not a 64-bit one, which gapboot needs: use another kernel",
            ));
        }
        // It becomes a part of paths.
        let version = header.uname().filter(|version| is_file_name(version));
        let version = version.ok_or_else(|| {
            wrong("the kernel does not say its version: use the file that its build made")
        })?;
        Ok(Self {
            version: version.to_owned(),
            has_efi_stub: Pe::of(&source).is_ok(),
            content,
            path,
        })
    }

    /// Makes sure that the kernel has built in what a bridge needs. Gives a note if its
    /// configuration is not there, so that only its header is checked.
    ///
    /// # Errors
    /// The kernel lacks something.
    pub fn check(&self, modules: &Path, system: &System) -> Result<Option<String>, Error> {
        let config = self.config(modules, system);
        let mut missing = Vec::new();
        if !self.has_efi_stub {
            missing.push("CONFIG_EFI_STUB".to_owned());
        }
        if let Some(config) = &config {
            let absent = BUILT_IN.iter().filter(|any| !has_one(config, any));
            missing.extend(absent.map(|any| any.join(" or ")));
        }
        if !missing.is_empty() {
            return Err(Error::failed(format!(
                "{} was built without {}, which a bridge needs: use another kernel",
                self.path.display(),
                missing.join(", ")
            )));
        }
        let note = || {
            format!(
                "there is no config-{} beside {}, so it is not checked whether the kernel has kexec and \
                 zstd",
                self.version,
                self.path.display()
            )
        };
        Ok(config.is_none().then(note))
    }

    /// The text of its configuration, from where distributions install it.
    fn config(&self, modules: &Path, system: &System) -> Option<String> {
        let name = format!("config-{}", self.version);
        let places = [
            self.path.with_file_name(&name),
            modules.join("config"),
            system.path(&format!("/boot/{name}")),
        ];
        places
            .iter()
            .find_map(|place| fs::read_to_string(place).ok())
    }
}

/// The file of the running kernel.
fn running(system: &System) -> Result<PathBuf, Error> {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy();
    let places = [
        system.path(&format!("/boot/vmlinuz-{release}")),
        system.path(&format!("/lib/modules/{release}/vmlinuz")),
    ];
    let found = places.iter().find(|place| place.is_file()).cloned();
    found.ok_or_else(|| {
        let [first, second] = places.map(|place| place.display().to_string());
        Error::failed(format!(
            "the running kernel is neither {first} nor {second}: name a kernel by --kernel"
        ))
    })
}

fn has_one(config: &str, options: &[&str]) -> bool {
    config.lines().any(|line| {
        let option = line.strip_suffix("=y");
        option.is_some_and(|option| options.contains(&option))
    })
}

fn is_file_name(version: &str) -> bool {
    !["", ".", ".."].contains(&version)
        && !version.contains(|character: char| character == '/' || character.is_control())
}
