//! Which of a disk's partitions is the root file system's (UAPI.2, "Discoverable
//! Partitions").

use boot::disk::gpt::{ESP, XBOOTLDR};
use boot::entries::version;

use super::gpt::Description;

/// The type of root partitions for the processor that this program is for.
const ROOT: [u8; 16] = match cfg!(target_arch = "x86_64") {
    true => *b"\xe3\xbc\x68\x4f\xcd\xe8\xb1\x4d\x96\xe7\xfb\xca\xf9\x84\xb7\x09",
    false => *b"\x40\x95\x47\x44\x97\xf2\xb2\x41\x9a\xf7\xd1\x31\xd5\xf0\x45\x8a",
};
/// The attribute of partitions that nobody mounts without being told to.
const NO_AUTO: u64 = 1 << 63;

/// The root partition beside the one that was booted from, of which this is the UUID.
pub fn beside<'p>(booted: &str, partitions: &'p [Description]) -> Option<&'p Description> {
    let is_boot = |partition: &Description| {
        [ESP, XBOOTLDR].contains(&partition.kind) && partition.uuid == booted
    };
    if !partitions.iter().any(is_boot) {
        return None;
    }
    let roots = partitions
        .iter()
        .filter(|partition| partition.kind == ROOT && partition.attributes & NO_AUTO == 0);
    // The first of those that are equal.
    roots
        .rev()
        .max_by(|a, b| version::compare(a.name.as_bytes(), b.name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(kind: [u8; 16], uuid: &str, name: &str) -> Description {
        Description {
            kind,
            uuid: uuid.to_owned(),
            attributes: 0,
            name: name.to_owned(),
        }
    }

    #[test]
    fn the_newest_beside_the_partition_that_was_booted() {
        let mut partitions = vec![
            partition(ESP, "esp", ""),
            partition(XBOOTLDR, "boot", ""),
            partition([7; 16], "data", "os_99"),
            partition(ROOT, "a", "os_9"),
            partition(ROOT, "b", "os_10"),
            partition(ROOT, "c", "os_10"),
        ];
        let found = |partitions: &[Description], booted| {
            beside(booted, partitions).map(|root| root.uuid.clone())
        };
        assert_eq!(found(&partitions, "esp").as_deref(), Some("b"));
        assert_eq!(found(&partitions, "boot").as_deref(), Some("b"));
        assert_eq!(found(&partitions, "data"), None);
        assert_eq!(found(&partitions, "elsewhere"), None);
        partitions[4].attributes = NO_AUTO;
        assert_eq!(found(&partitions, "esp").as_deref(), Some("c"));
        partitions.truncate(3);
        assert_eq!(found(&partitions, "esp"), None);
    }
}
