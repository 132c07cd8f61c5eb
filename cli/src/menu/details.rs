//! What an entry's own files say, read a second time.
//!
//! The loader keeps of an entry what orders and shows it. The rest is read here
//! line by line with the loader's own functions, as the loader does it for the
//! entry that it boots.

use boot::Kind;
use boot::disk::storage::Storage;
use boot::entries::entry::{self, Field};
use boot::entries::title;
use boot::entries::type1::{self, EntryKey, Main};
use boot::fat::{DirEntry, File, Volume};
use boot::load::cmdline::{self, CommandLine};
use boot::machine;
use boot::uki::{self, Image, names};

use super::entry::MenuEntry;
use super::found::FoundFile;
use super::inside::{self, Source};
use super::text::{about, absolute, string};
use super::warnings;
use crate::error::loader_text;
use crate::number::to_u32;

/// Bytes for a line: more than the largest entry file has.
const LINE: usize = 64 << 10;

impl MenuEntry {
    /// What the loader knows of it: `kind`, `source` and `path` as they are called here.
    pub(crate) fn new(
        entry: &entry::Entry,
        kind: &'static str,
        source: &'static str,
        path: String,
    ) -> Self {
        let field = |field| entry.text(field).map(string);
        let mut show_title = Vec::new();
        title::write(entry, &mut |piece| show_title.extend_from_slice(piece));
        Self {
            kind,
            source,
            id: string(entry.id()),
            path,
            title: field(Field::Title),
            show_title: string(&show_title),
            sort_key: field(Field::SortKey),
            version: field(Field::Version),
            machine_id: field(Field::MachineId),
            architecture: None,
            profile: (entry.profile != 0).then_some(entry.profile),
            options: None,
            linux: None,
            efi: None,
            uki: None,
            initrd: Vec::new(),
            tries_left: (entry.tries.left >= 0).then_some(entry.tries.left),
            tries_done: (entry.tries.done >= 0).then_some(entry.tries.done),
            is_default: None,
            warnings: Vec::new(),
        }
    }

    /// Reads what else the file of a Type 1 entry says, and looks for what will
    /// go wrong with it.
    pub(super) fn read_file<D: machine::Disk>(
        &mut self,
        source: &mut EntryFiles<D>,
        found: &FoundFile,
    ) {
        let mut buffer = vec![0; LINE];
        let mut options: Vec<Vec<u8>> = Vec::new();
        let mut file = File::open(source.volume, &found.node);
        let mut image = Vec::new();
        let mut initrds = Vec::new();
        loop {
            let line = match file.line(source.storage, &mut buffer) {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => return self.warnings.push(loader_text(error)),
            };
            match self.take(line, &mut options) {
                Some(Named::Main(path)) => image = path,
                Some(Named::Initrd(path)) => match source.file(&path) {
                    Ok(node) => initrds.push(node),
                    Err(error) => self.warnings.push(about(&path, error)),
                },
                None => {}
            }
        }
        let mut options = options.join(&b' ');
        self.options = (!options.is_empty()).then(|| string(&options));
        if self.linux.is_none() {
            self.warn_of_initrds();
            let built_in = source
                .file(&image)
                .and_then(|node| source.command_line(&node, self.profile.unwrap_or(0)));
            match built_in {
                Ok(line) if options.is_empty() => options = line,
                Ok(_) => {}
                Err(error) => return self.warnings.push(about(&image, error)),
            }
        }
        let needs_root = match self.linux {
            Some(_) => source.needs_root(&image, &initrds),
            None => source
                .file(&image)
                .ok()
                .and_then(|node| source.image_needs_root(&node, self.profile.unwrap_or(0))),
        };
        self.warn_of_options(&options, needs_root);
    }

    /// Takes in a line of the file of a Type 1 entry. Gives the file that it names.
    pub(crate) fn take(&mut self, line: &[u8], options: &mut Vec<Vec<u8>>) -> Option<Named> {
        self.warnings.extend(warnings::of_variables(line));
        match type1::pair(line)? {
            (EntryKey::Text(Field::Title), value) => self.title = Some(string(value)),
            (EntryKey::Architecture, value) => self.architecture = Some(string(value)),
            (EntryKey::Main(main), path) => {
                match main {
                    Main::Linux => self.linux = Some(absolute(path)),
                    Main::Efi => self.efi = Some(absolute(path)),
                    _ => self.uki = Some(absolute(path)),
                }
                return Some(Named::Main(path.to_vec()));
            }
            (EntryKey::Options, value) => options.push(value.to_vec()),
            (EntryKey::Initrd, path) => {
                self.initrd.push(absolute(path));
                return Some(Named::Initrd(path.to_vec()));
            }
            _ => {}
        }
        None
    }

    /// Adds a warning about the `initrd` lines of an entry that starts an image.
    pub(crate) fn warn_of_initrds(&mut self) {
        if !self.initrd.is_empty() {
            let warning = "initrd lines mean nothing beside a unified kernel image.";
            self.warnings.push(warning.to_owned());
        }
    }

    /// Adds warnings about the options. What `needs_root` could not look at is said
    /// elsewhere, or at the boot.
    pub(crate) fn warn_of_options(&mut self, options: &[u8], needs_root: Option<bool>) {
        self.warnings.extend(warnings::of_options(options));
        if needs_root.unwrap_or(true) {
            self.warnings.extend(warnings::of_root(options));
        }
    }

    /// Reads the command line of a unified kernel image.
    pub(super) fn read_image<D: machine::Disk>(
        &mut self,
        source: &mut EntryFiles<D>,
        node: &DirEntry,
        path: &str,
    ) {
        self.linux = Some(path.to_owned());
        match source.command_line(node, self.profile.unwrap_or(0)) {
            Ok(line) => {
                self.options = (!line.is_empty()).then(|| string(&line));
                let needs_root = source.image_needs_root(node, self.profile.unwrap_or(0));
                self.warn_of_options(&line, needs_root);
            }
            Err(error) => self.warnings.push(loader_text(error)),
        }
    }
}

/// A file that a line of an entry names.
pub(crate) enum Named {
    /// The file that boots.
    Main(Vec<u8>),
    /// An initrd.
    Initrd(Vec<u8>),
}

/// Where files of an entry lie.
pub(super) struct EntryFiles<'a, 'd, D> {
    pub(super) storage: &'a mut Storage<'d, D>,
    pub(super) volume: &'a Volume,
}

/// A file or a section of one, to be looked into.
struct Part<'a, 'd, D> {
    file: File,
    /// Where it begins in the file.
    start: u32,
    storage: &'a mut Storage<'d, D>,
}

impl<D: machine::Disk> Source for Part<'_, '_, D> {
    fn bytes(&mut self, at: u64, count: usize) -> Option<Vec<u8>> {
        self.file.seek(self.start.saturating_add(to_u32(at)));
        let mut bytes = vec![0; count];
        let size = self.file.read_small(self.storage, &mut bytes).ok()?;
        bytes.truncate(size);
        Some(bytes)
    }
}

impl<'d, D: machine::Disk> EntryFiles<'_, 'd, D> {
    /// The file with this path.
    fn file(&mut self, path: &[u8]) -> Result<DirEntry, boot::Error> {
        let node = self.volume.find(self.storage, path)?;
        if node.is_directory() {
            return Err(boot::Error::new(Kind::IsDirectory, 0));
        }
        Ok(node)
    }

    /// Whether a kernel with these initrds needs an option that names the root file system,
    /// as far as that can be seen.
    fn needs_root(&mut self, kernel: &[u8], initrds: &[DirEntry]) -> Option<bool> {
        let kernel = self.file(kernel).ok()?;
        if inside::is_other_program(&mut self.part(File::open(self.volume, &kernel)))? {
            return Some(false);
        }
        for initrd in initrds {
            if inside::finds_root(&mut self.part(File::open(self.volume, initrd)))? {
                return Some(false);
            }
        }
        Some(true)
    }

    /// The same of a unified kernel image's profile.
    fn image_needs_root(&mut self, node: &DirEntry, profile: u32) -> Option<bool> {
        let mut image = Image::new(self.volume, node, true);
        image.profile = profile;
        image.find_kernel(self.storage).ok()?;
        if inside::is_other_program(&mut self.part(image.file))? {
            return Some(false);
        }
        let mut image = Image::new(self.volume, node, true);
        image.profile = profile;
        image.find(self.storage, &names::INITRD).ok()?;
        let finds_root = inside::finds_root(&mut self.part(image.file))?;
        Some(!finds_root)
    }

    /// A file from where it stands to its end.
    fn part(&mut self, file: File) -> Part<'_, 'd, D> {
        Part {
            start: file.position(),
            file,
            storage: self.storage,
        }
    }

    /// The command line that a unified kernel image holds for a profile.
    fn command_line(&mut self, node: &DirEntry, profile: u32) -> Result<Vec<u8>, boot::Error> {
        let mut image = Image::new(self.volume, node, true);
        image.profile = profile;
        let mut buffer = [0; cmdline::LONGEST];
        let mut line = CommandLine::new(&mut buffer);
        uki::command_line(&mut image, self.storage, &mut [0; 4096], &mut line)?;
        if profile >= image.profiles.max(1) {
            return Err(boot::Error::new(Kind::UkiProfile, profile.into()));
        }
        Ok(line.as_bytes()?.to_vec())
    }
}
