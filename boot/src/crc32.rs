//! CRC-32 as IEEE 802.3 defines it: reflected, polynomial 04C11DB7h, starting
//! with all ones and inverted at the end. GUID partition tables use it.

/// The polynomial, lowest power first.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// A checksum over bytes that come piece by piece.
///
/// Bit by bit, without a table: the loader checks about 16 KiB, and a table would be
/// larger than the code.
#[derive(Clone, Copy)]
pub struct Crc32(u32);

impl Crc32 {
    /// The checksum of nothing yet.
    pub const fn new() -> Self {
        Self(!0)
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 ^= u32::from(byte);
            for _ in 0..8 {
                let out = self.0 & 1;
                self.0 >>= 1;
                if out != 0 {
                    self.0 ^= POLYNOMIAL;
                }
            }
        }
    }

    /// The checksum of everything that was taken in.
    pub const fn finish(self) -> u32 {
        !self.0
    }
}

impl Default for Crc32 {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Crc32;

    fn checksum(pieces: &[&[u8]]) -> u32 {
        let mut crc = Crc32::new();
        for piece in pieces {
            crc.update(piece);
        }
        crc.finish()
    }

    #[test]
    fn known_answers() {
        assert_eq!(checksum(&[]), 0);
        // The check value of the catalogue of CRCs, whole and in pieces.
        assert_eq!(checksum(&[b"123456789"]), 0xcbf4_3926);
        assert_eq!(checksum(&[b"1234", b"", b"56789"]), 0xcbf4_3926);
        assert_eq!(checksum(&[&[0; 32]]), 0x190a_55ad);
        assert_eq!(checksum(&[&[0xff; 32]]), 0xff6c_ab0b);
    }
}
