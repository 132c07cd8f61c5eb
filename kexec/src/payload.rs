//! What is to be started: a kernel, its command line, and the files that it is handed.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use stub::memory::PAGE;

use crate::error::Error;
use crate::gzip;
use crate::memory_file::in_memory;

/// What is to be started.
#[derive(Debug)]
pub struct Payload {
    /// What messages call it.
    pub name: String,
    /// The kernel, not compressed.
    pub kernel: File,
    /// The command line.
    pub cmdline: Vec<u8>,
    /// How it is started, and what else it is handed.
    pub kind: Kind,
    /// What Linux is told of this start: the data of a node ([`layout::node`]), which
    /// `kexec_load` alone hands on.
    pub node: Option<Vec<u8>>,
}

/// By which protocol a kernel is started.
#[derive(Debug)]
pub enum Kind {
    /// Linux's own: the kernel is a bzImage.
    Linux {
        /// The initrds, which the kernel takes for one.
        initrd: Option<File>,
    },
    /// Multiboot 1: the kernel has such a header ([`crate::multiboot::is_kernel`]).
    Multiboot {
        /// The kernel's path, which the kernel finds in front of its command line, as
        /// GRUB Legacy, SYSLINUX and QEMU do it. Xen, for one, skips the first word.
        path: Vec<u8>,
        /// The modules.
        modules: Modules,
    },
}

/// The modules of a Multiboot kernel: one file in memory, in which each begins on a page.
#[derive(Debug)]
pub struct Modules {
    pub(crate) file: File,
    pub(crate) list: Vec<Module>,
    /// Bytes of the file, without what is missing to a whole page.
    size: u64,
}

/// A module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Module {
    /// Where it begins in the file.
    pub(crate) offset: u64,
    /// Bytes.
    pub(crate) size: u64,
    /// Its string.
    pub(crate) string: Vec<u8>,
}

impl Modules {
    /// None yet.
    ///
    /// # Errors
    /// Linux makes no file in memory.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            file: in_memory("modules")?,
            list: Vec::new(),
            size: 0,
        })
    }

    /// Adds a file, unpacked if all of it is gzip, with its string: by convention the
    /// file's path, a space and arguments.
    ///
    /// # Errors
    /// The string holds a NUL, at which it would end; the file cannot be read, or Linux
    /// has no memory for it.
    pub fn add(&mut self, file: &File, string: &[u8]) -> Result<(), Error> {
        if string.contains(&0) {
            return Err(Error::text(
                "the string of a module holds a NUL, at which it would end: take it out",
            ));
        }
        let unpacked = gzip::unpacked(file)?;
        let offset = self.size.next_multiple_of(PAGE);
        let size = copy(unpacked.as_ref().unwrap_or(file), &self.file, offset)
            .map_err(|error| Error::text(format!("cannot copy a module to memory: {error}")))?;
        self.size = offset.saturating_add(size);
        self.list.push(Module {
            offset,
            size,
            string: string.to_vec(),
        });
        Ok(())
    }

    /// Bytes of all modules where they lie.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }
}

/// Copies all of a file to this offset of another one. Returns its size.
fn copy(from: &File, to: &File, offset: u64) -> io::Result<u64> {
    let mut block = vec![0; 1 << 20];
    let mut done = 0_u64;
    loop {
        let bytes = match from.read_at(&mut block, done)? {
            0 => return Ok(done),
            count => block.get(..count).unwrap_or_default(),
        };
        to.write_all_at(bytes, offset.saturating_add(done))?;
        done = done.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(bytes: &[u8]) -> File {
        let mut file = in_memory("test").unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn each_module_begins_on_a_page_and_is_unpacked() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"third").unwrap();
        let mut modules = Modules::new().unwrap();
        modules.add(&file(&[1; 0x1001]), b"one a").unwrap();
        modules.add(&file(b""), b"").unwrap();
        modules.add(&file(&packed.finish().unwrap()), b"c").unwrap();
        let places: Vec<_> = modules.list.iter().map(|m| (m.offset, m.size)).collect();
        assert_eq!(places, [(0, 0x1001), (0x2000, 0), (0x2000, 5)]);
        assert_eq!(modules.size(), 0x2005);
        let mut bytes = [0; 5];
        modules.file.read_exact_at(&mut bytes, 0x2000).unwrap();
        assert_eq!(
            (&bytes, modules.list[0].string.as_slice()),
            (b"third", &b"one a"[..])
        );
        let error = modules.add(&file(b"x"), b"a\0b").unwrap_err().to_string();
        assert!(error.contains("NUL"), "{error}");
    }
}
