//! The archives that systemd-stub makes of a UKI's own sections and puts
//! after the initrd, byte for byte: cpio "newc", one archive for each file.
//!
//! Under UEFI systemd's stub makes them at every start. Here they are made
//! once, and lie in a section of their own.

use crate::number::to_u32;

/// Sections that are passed on, in order, and the names of their files.
pub const PASSED_ON: [(&str, &str); 4] = [
    (".pcrsig", "tpm2-pcr-signature.json"),
    (".pcrpkey", "tpm2-pcr-public-key.pem"),
    (".osrel", "os-release"),
    (".profile", "profile"),
];

const DIRECTORY: u32 = 0o040_555;
const FILE: u32 = 0o100_444;

/// An archive of `.extra/NAME`.
pub fn extra(name: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    record(&mut archive, 1, DIRECTORY, ".extra", &[]);
    record(&mut archive, 2, FILE, &format!(".extra/{name}"), content);
    archive.extend(TRAILER);
    archive
}

/// The last record of an archive, which systemd has as a constant, in capital letters.
pub const TRAILER: &[u8; 124] = b"070701\
    0000000000000000000000000000000000000001000000000000000000000000\
    0000000000000000000000000000000B00000000TRAILER!!!\0\0\0\0";

/// Appends a directory or a file to an archive. Owner, group and time are 0.
///
/// The content has fewer than 4 GiB.
pub fn record(archive: &mut Vec<u8>, inode: u32, mode: u32, name: &str, content: &[u8]) {
    // inode, mode, owner, group, links, time, size, device, own device, name, checksum
    let (size, name_size) = (to_u32(content.len()), to_u32(name.len().saturating_add(1)));
    let fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0];
    archive.extend(b"070701");
    for field in fields {
        archive.extend(format!("{field:08x}").bytes());
    }
    archive.extend(name.bytes().chain([0]));
    archive.resize(archive.len().next_multiple_of(4), 0);
    archive.extend(content);
    archive.resize(archive.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn as_systemd_makes_it() {
        let archive = extra("profile", b"ID=regular\n");
        assert_eq!(archive.len(), 384);
        let digest: String = Sha256::digest(&archive)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            digest,
            "d8d9369934d6d54801ba95a5cc421a62aa520ebcba952bb9e8db54c8dc0533b1"
        );
    }
}
