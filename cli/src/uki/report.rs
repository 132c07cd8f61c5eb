//! What is in a UKI, what it starts on, and what is wrong with it.
//!
//! `--json` prints one object; keys without a value are left out:
//!
//! | key | value |
//! |---|---|
//! | `path`, `size` | the file |
//! | `kind` | `uki`, `legacy-uki`, `kernel`, `addon` or `pe` |
//! | `bootsOn` | a list of `uefi`, `bios`, `kexec`, `gapboot` |
//! | `signed` | true if there is a signature, whoever made it |
//! | `title`, `version` | by `.osrel` |
//! | `kernel` | the kernel's own version string |
//! | `legacyVersion` | the version string of a legacy-compatible UKI |
//! | `profiles` | a list of `{number, id, title, cmdline}` |
//! | `cmdline` | the command line of profile 0 |
//! | `sections` | a list of `{name, size, offset, address, profile}` |
//! | `problems` | a list of what is wrong |

use std::io::Write;
use std::rc::Rc;

use layout::uki::{ENTRY_EFI, ENTRY_SIZE, PROTECTED_MODE, TABLE_HEADER, VERSION, VERSION_SIZE};
use serde::Serialize;
use stub::params::u32;

use super::content::SourceFile;
use super::kernel::{self, InnerKernel, Outer};
use super::osrel;
use super::pe::{EFI_APPLICATION, Pe};
use super::sections::{self, Section};
use crate::error::Error;
use crate::number::{to_u32, to_u64, to_usize};

/// What is found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The file's name.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// What it is.
    pub kind: &'static str,
    /// What starts it.
    pub boots_on: Vec<&'static str>,
    /// It has a signature.
    pub signed: bool,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The kernel's version string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// The version string that BIOS loaders see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy_version: Option<String>,
    /// The command line of profile 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmdline: Option<String>,
    /// Its profiles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<Profile>,
    /// Its sections, in the order of the table.
    pub sections: Vec<SectionReport>,
    /// What is wrong.
    pub problems: Vec<String>,
}

/// A profile.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Its number, as in `@1`.
    pub number: u32,
    /// Its short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmdline: Option<String>,
}

/// A section.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SectionReport {
    /// Its name.
    pub name: String,
    /// Bytes of content.
    pub size: u64,
    /// Offset in the file.
    pub offset: u32,
    /// Address in the image.
    pub address: u32,
    /// The number of its profile; none for the base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<u32>,
}

impl Report {
    /// Looks at a file.
    ///
    /// # Errors
    /// A file cannot be read. What is wrong with the image is in the report.
    pub fn of(source: &Rc<SourceFile>, pe: &Pe) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let mut inner = match sections::of(source, pe) {
            Ok(inner) => inner,
            Err(error) => {
                problems.push(error.to_string());
                Vec::new()
            }
        };
        let profiles = sections::number(&mut inner);
        let first = u32::from(profiles > 0);
        let osrel = text(&inner, first, ".osrel");
        let linux = sections::effective(&inner, first, ".linux");
        let kernel = match linux.map(|section| InnerKernel::read(&section.content)) {
            Some(Ok(kernel)) => Some(kernel),
            Some(Err(error)) => {
                problems.push(error.to_string());
                None
            }
            None => None,
        };
        let legacy = kernel::is_legacy(&pe.head);
        let kind = match (legacy, linux.is_some()) {
            (true, _) => "legacy-uki",
            (false, true) => "uki",
            (false, false) if pe.head.get(0x202..0x206) == Some(b"HdrS") => "kernel",
            (false, false) if is_addon(&inner) => "addon",
            (false, false) => "pe",
        };
        // Of a file that is cut short nothing is known, and that was said.
        if kind.ends_with("uki") && osrel.is_none() && !inner.is_empty() {
            problems
                .push("it has no .osrel, so systemd-boot and gapboot do not list it".to_owned());
        }
        let mut report = Self {
            path: source.name().to_owned(),
            size: source.size(),
            kind,
            boots_on: Vec::new(),
            signed: pe.signed,
            title: osrel.as_deref().and_then(osrel::title),
            version: osrel.as_deref().and_then(osrel::version),
            kernel: kernel.as_ref().and_then(|kernel| kernel.version.clone()),
            legacy_version: legacy.then(|| c_string(&pe.head, VERSION, VERSION_SIZE)),
            cmdline: line(&inner, first),
            profiles: (1..=profiles).map(|own| Profile::of(&inner, own)).collect(),
            sections: places(pe),
            problems,
        };
        if let (true, Some(kernel)) = (legacy, &kernel) {
            report.check_legacy(pe, kernel);
        }
        report.boots_on = report.boots_on(pe, legacy, kernel.is_some());
        Ok(report)
    }

    fn boots_on(&self, pe: &Pe, legacy: bool, has_kernel: bool) -> Vec<&'static str> {
        let mut on = Vec::new();
        // Without an EFI stub the entry is ours, and only says so.
        let entry = u32(&pe.optional, 16);
        let mut sections = self.sections.iter();
        let ours = sections.find(|section| section.name == ".bzentry");
        let ours = ours.map(|section| section.address.wrapping_add(to_u32(ENTRY_EFI)));
        let is_program = entry != 0 && pe.subsystem == EFI_APPLICATION;
        if is_program && Some(entry) != ours && self.kind != "addon" {
            on.push("uefi");
        }
        if (legacy && has_kernel) || self.kind == "kernel" {
            on.extend(["bios", "kexec"]);
        } else if has_kernel {
            on.push("gapboot");
        }
        on
    }

    /// Compares the bzImage's header and the stub's table with the sections.
    fn check_legacy(&mut self, pe: &Pe, kernel: &InnerKernel) {
        let outer = Outer::read(&pe.head);
        let mut wrong = |text: String| self.problems.push(text);
        let rest = self.size.saturating_sub(to_u64(PROTECTED_MODE));
        if outer.size > rest {
            wrong(format!(
                "the header promises {} bytes after the first 8 KiB, the file has {rest}: is it complete?",
                outer.size
            ));
        }
        if u64::from(outer.init_size) < outer.size {
            wrong("init_size is smaller than the file: GRUB and kexec refuse it".to_owned());
        }
        if outer.is_64_bit && !kernel.is_64_bit() {
            wrong("the header promises a 64-bit entry that the kernel does not have".to_owned());
        }
        let info = PROTECTED_MODE + TABLE_HEADER;
        let table = PROTECTED_MODE.saturating_add(to_usize(u32(&pe.head, info + 8)));
        let count = to_usize(u32(&pe.head, info + 12));
        let table = pe.head.get(table..).unwrap_or_default();
        for entry in table.chunks_exact(ENTRY_SIZE).take(count) {
            let (at, size) = (u32(entry, 8), u64::from(u32(entry, 12)));
            let fits = |place: &SectionReport| {
                let offset = u64::from(at).saturating_add(to_u64(PROTECTED_MODE));
                size == 0 || u64::from(place.offset) == offset && place.size >= size
            };
            if !self.sections.iter().any(fits) {
                let text =
                    format!("the stub's table names {size} bytes at {at:#x}, where no section is");
                self.problems.push(text);
            }
        }
    }

    /// Writes it for a person.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn print(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let kind = match self.kind {
            "legacy-uki" => "a Unified Kernel Image and a bzImage in one",
            "uki" => "a Unified Kernel Image",
            "kernel" => "a Linux kernel",
            "addon" => "an addon for Unified Kernel Images",
            _ => "a PE file, not a Unified Kernel Image",
        };
        writeln!(out, "{}: {kind}, {} bytes", self.path, self.size)?;
        let field = |out: &mut dyn Write, name: &str, value: Option<&str>| match value {
            Some(value) => writeln!(out, "{name:>12}: {}", value.escape_debug()),
            None => Ok(()),
        };
        field(out, "title", self.title.as_deref())?;
        field(out, "version", self.version.as_deref())?;
        field(out, "kernel", self.kernel.as_deref())?;
        field(out, "command line", self.cmdline.as_deref())?;
        let on = if self.boots_on.is_empty() {
            "nothing".to_owned()
        } else {
            self.boots_on.join(", ")
        };
        field(out, "boots on", Some(&on))?;
        field(out, "signed", Some(if self.signed { "yes" } else { "no" }))?;
        for profile in &self.profiles {
            let title = profile
                .title
                .as_deref()
                .or(profile.id.as_deref())
                .unwrap_or("");
            let cmdline = profile.cmdline.as_deref().unwrap_or("");
            let text = format!("@{} {title}: {cmdline}", profile.number);
            field(out, "profile", Some(&text))?;
        }
        writeln!(
            out,
            "     section       size     offset    address  profile"
        )?;
        for section in &self.sections {
            let profile = section
                .profile
                .map_or(String::new(), |number| format!("@{number}"));
            let (name, size) = (&section.name, section.size);
            let (offset, address) = (section.offset, section.address);
            writeln!(
                out,
                "{name:>12} {size:>10} {offset:#10x} {address:#10x}  {profile}"
            )?;
        }
        for problem in &self.problems {
            writeln!(out, "     problem: {problem}")?;
        }
        Ok(())
    }
}

impl Profile {
    fn of(inner: &[Section], own: u32) -> Self {
        let profile = text(inner, own, ".profile").unwrap_or_default();
        Self {
            number: own.saturating_sub(1),
            id: osrel::value(&profile, "ID"),
            title: osrel::value(&profile, "TITLE"),
            cmdline: line(inner, own),
        }
    }
}

fn text(inner: &[Section], own: u32, name: &str) -> Option<Vec<u8>> {
    let section = sections::effective(inner, own, name)?;
    section.content.text(name).ok()
}

fn line(inner: &[Section], own: u32) -> Option<String> {
    let text = text(inner, own, ".cmdline")?;
    let mut line = vec![0; text.len().saturating_add(1)];
    let length = stub::command_line::one_line(&text, &mut line)?;
    Some(String::from_utf8_lossy(&line[..length]).into_owned())
}

fn is_addon(inner: &[Section]) -> bool {
    let names = [".cmdline", ".initrd", ".ucode", ".dtb", ".dtbauto"];
    inner
        .iter()
        .any(|section| names.contains(&section.name().as_str()))
}

fn c_string(bytes: &[u8], at: usize, size: usize) -> String {
    let text = bytes
        .get(at..)
        .and_then(|rest| rest.get(..size))
        .unwrap_or_default();
    let end = text
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(text.len());
    String::from_utf8_lossy(&text[..end]).into_owned()
}

fn places(pe: &Pe) -> Vec<SectionReport> {
    let mut profile = None;
    let place = |section: &super::pe::Section| {
        let name = section.name();
        if name == ".profile" {
            profile = Some(profile.map_or(0, |number: u32| number.saturating_add(1)));
        }
        let ours = name.starts_with(".bz");
        SectionReport {
            size: if ours {
                section.raw_size.into()
            } else {
                section.size()
            },
            offset: section.raw_offset,
            address: section.virtual_address,
            profile: profile.filter(|_| !ours),
            name,
        }
    };
    pe.sections.iter().map(place).collect()
}
