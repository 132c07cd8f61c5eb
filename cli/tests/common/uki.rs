//! `gapboot uki` on files of the tests' own.

use std::fs;
use std::path::Path;

use clap::{Args, FromArgMatches};
use cli::commands::uki::build::Arguments;
use cli::error::Error;
use cli::uki::build::build;
use cli::uki::convert::convert;
use cli::uki::inputs::Inputs;
use cli::uki::pe::Pe;
use cli::uki::report::Report;
use cli::uki::stub::Stub;
use layout::uki::{KERNEL_INFO, PROTECTED_MODE, TABLE_HEADER};
use tempfile::TempDir;

use super::noise;

/// Something in the shape of `stub.bin`.
pub fn stub() -> Vec<u8> {
    let size = PROTECTED_MODE + 0x1000;
    let mut stub = noise(1, size);
    let mut put = |at: usize, bytes: &[u8]| stub[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x26c, &[0xeb]);
    put(PROTECTED_MODE + KERNEL_INFO, b"LToP");
    put(PROTECTED_MODE + TABLE_HEADER, b"UKI1");
    put(PROTECTED_MODE + TABLE_HEADER + 8, &0x1000_u32.to_le_bytes());
    // What is text has an end.
    stub[0x1f00..0x2000].fill(0);
    stub
}

/// A bzImage with the numbers of Debian's, `size` bytes long.
pub fn kernel(size: usize) -> Vec<u8> {
    let mut kernel = noise(2, size);
    kernel[..0x400].fill(0);
    let mut put = |at: usize, bytes: &[u8]| kernel[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x1f1, &[39]);
    put(0x1fe, &[0x55, 0xaa, 0xeb, 0x6a]);
    put(0x202, b"HdrS\x0f\x02");
    put(0x20e, &(0x300_u16 - 0x200).to_le_bytes());
    put(0x300, b"6.1.0-99-test (somebody) #1\0");
    put(0x211, &[1]);
    put(0x224, &0x5be0_u16.to_le_bytes());
    put(0x22c, &0x7fff_ffff_u32.to_le_bytes());
    put(0x230, &0x20_0000_u32.to_le_bytes());
    put(0x234, &[1, 21, 0x7f, 0]);
    put(0x238, &2047_u32.to_le_bytes());
    put(0x248, &0x100_u32.to_le_bytes());
    put(0x24c, &0x1000_u32.to_le_bytes());
    put(0x258, &0x100_0000_u64.to_le_bytes());
    put(0x260, &0x3f9_8000_u32.to_le_bytes());
    kernel
}

/// The files of a test, in a directory.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        place.write("linux", &kernel(100_001));
        place.write("initrd", &noise(3, 70_003));
        place.write("microcode", &noise(4, 1023));
        place
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Builds `image` around no EFI stub, with more arguments.
    pub fn build(&self, more: &[&str]) -> Result<String, Error> {
        self.build_as(&self.path("image"), more)
    }

    /// The same under another path.
    pub fn build_as(&self, output: &str, more: &[&str]) -> Result<String, Error> {
        let linux = self.path("linux");
        let mut arguments = vec!["--linux", &linux, "--output", output];
        arguments.extend(more);
        let mut options = inputs(&arguments)?;
        options.stub = None;
        with_messages(|err| build(Stub::new(stub())?, options, err))
    }

    pub fn convert(&self, from: &str, to: &str) -> Result<String, Error> {
        self.convert_from(&self.path(from), to)
    }

    /// Converts the file with this path.
    pub fn convert_from(&self, from: &str, to: &str) -> Result<String, Error> {
        let to = self.path(to);
        with_messages(|err| convert(Stub::new(stub())?, Path::new(from), Path::new(&to), err))
    }

    pub fn report(&self, name: &str) -> Result<Report, Error> {
        let (source, pe) = Pe::open(Path::new(&self.path(name)))?;
        Report::of(&source, &pe)
    }
}

/// What the arguments of `gapboot uki build` name.
pub fn inputs(arguments: &[&str]) -> Result<Inputs, Error> {
    let command = clap::Command::new("build").no_binary_name(true);
    let command = Arguments::augment_args(command);
    let matches = command.try_get_matches_from(arguments);
    let arguments = matches.and_then(|matches| Arguments::from_arg_matches(&matches));
    arguments.map_err(Error::usage)?.inputs()
}

/// Runs something, and gives what it wrote to standard error.
fn with_messages(
    run: impl FnOnce(&mut dyn std::io::Write) -> Result<(), Error>,
) -> Result<String, Error> {
    let mut err = Vec::new();
    run(&mut err)?;
    Ok(String::from_utf8(err).unwrap())
}
