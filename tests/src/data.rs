//! Bytes to fill files with, and their checksums.

use sha2::{Digest, Sha256};

/// Data that cannot be compressed and in which no part repeats. The same seed gives the
/// same bytes (xorshift64*, by Marsaglia and Vigna).
pub fn random(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend(state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// The SHA-256 of bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::random;

    #[test]
    fn random_data_differs_by_seed_and_is_repeatable() {
        assert_eq!(random(1, 1001), random(1, 1001));
        assert_ne!(random(1, 1000), random(2, 1000));
        assert_eq!(random(3, 1001).len(), 1001);
    }
}
