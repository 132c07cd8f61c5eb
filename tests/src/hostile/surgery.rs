//! A disk image in memory, and ways to damage it. This module knows the layout that the
//! foreign tools give to the image, and shares no code with the loader.

use std::ops::Range;

const SECTOR: usize = 512;
/// The ESP's first sector.
const ESP: usize = 2048 * SECTOR;

/// The disk that is damaged.
pub struct Patient {
    /// All bytes of the disk.
    pub bytes: Vec<u8>,
    bits: usize,
    reserved: usize,
    tables: usize,
    table_bytes: usize,
    root: usize,
    data: usize,
    cluster_bytes: usize,
    clusters: usize,
}

impl Patient {
    /// The image with its file system still whole.
    pub fn new(bytes: Vec<u8>) -> Self {
        let boot = &bytes[ESP..ESP + SECTOR];
        let word = |at: usize| usize::from(u16::from_le_bytes([boot[at], boot[at + 1]]));
        let double = |at: usize| word(at) | word(at + 2) << 16;
        let either = |narrow: usize, wide: usize| if narrow == 0 { wide } else { narrow };
        let bits = if word(22) == 0 { 32 } else { 16 };
        let table_bytes = either(word(22), double(36)) * SECTOR;
        let (reserved, tables) = (word(14) * SECTOR, usize::from(boot[16]));
        let root = reserved + tables * table_bytes;
        let data = root + word(17) * 32;
        let cluster_bytes = usize::from(boot[13]) * SECTOR;
        let total = either(word(19), double(32)) * SECTOR;
        Self {
            bits,
            reserved,
            tables,
            table_bytes,
            root: if bits == 32 { data } else { root },
            data,
            cluster_bytes,
            clusters: (total - data) / cluster_bytes,
            bytes,
        }
    }

    /// Writes bytes at a place on the disk.
    pub fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Writes into the boot sector of the file system.
    pub fn boot_sector(&mut self, at: usize, bytes: &[u8]) {
        self.put(ESP + at, bytes);
    }

    /// The first number beyond those of the clusters.
    pub fn end(&self) -> u32 {
        self.clusters as u32 + 2
    }

    /// The place of a cluster on the disk.
    pub fn cluster(&self, number: u32) -> Range<usize> {
        let start = ESP + self.data + (number as usize - 2) * self.cluster_bytes;
        start..start + self.cluster_bytes
    }

    /// Sets a cluster's entry in every table, in FAT32's numbers.
    pub fn link(&mut self, cluster: u32, next: u32) {
        for table in 0..self.tables {
            let at =
                ESP + self.reserved + table * self.table_bytes + cluster as usize * self.bits / 8;
            let next = next.to_le_bytes();
            self.put(at, &next[..self.bits / 8]);
        }
    }

    /// The entry of a cluster in the table: the next cluster.
    pub fn next(&self, cluster: u32) -> u32 {
        let at = ESP + self.reserved + cluster as usize * self.bits / 8;
        let mut bytes = [0; 4];
        bytes[..self.bits / 8].copy_from_slice(&self.bytes[at..at + self.bits / 8]);
        u32::from_le_bytes(bytes)
    }

    /// The place of the slot with a short name, in any directory.
    ///
    /// # Panics
    ///
    /// No slot has this name.
    pub fn slot(&self, short: &[u8; 11]) -> usize {
        let mut slots = (ESP + self.root.min(self.data)..self.bytes.len()).step_by(32);
        let slot = slots.find(|&at| self.bytes[at..].starts_with(short));
        slot.unwrap_or_else(|| panic!("no {}", String::from_utf8_lossy(short)))
    }

    /// The first cluster of a slot's file.
    pub fn first(&self, slot: usize) -> u32 {
        let [a, b, c, d] = [26, 27, 20, 21].map(|at| self.bytes[slot + at]);
        u32::from_le_bytes([a, b, c, d])
    }

    /// Gives a slot's file another first cluster.
    pub fn set_first(&mut self, slot: usize, cluster: u32) {
        let [a, b, c, d] = cluster.to_le_bytes();
        self.put(slot + 26, &[a, b]);
        self.put(slot + 20, &[c, d]);
    }

    /// Gives a slot's file another size.
    pub fn set_size(&mut self, slot: usize, size: u32) {
        self.put(slot + 28, &size.to_le_bytes());
    }

    /// Cluster `index` of a slot's file.
    pub fn nth(&self, slot: usize, index: usize) -> u32 {
        (0..index).fold(self.first(slot), |cluster, _| self.next(cluster))
    }

    /// Writes bytes into a slot's file.
    pub fn put_into(&mut self, slot: usize, at: usize, bytes: &[u8]) {
        for (at, byte) in (at..).zip(bytes) {
            let cluster = self.nth(slot, at / self.cluster_bytes);
            let place = self.cluster(cluster).start + at % self.cluster_bytes;
            self.put(place, &[*byte]);
        }
    }

    /// Replaces the text of a file that lies in one cluster, and its size.
    pub fn set_text(&mut self, slot: usize, text: &[u8]) {
        let place = self.cluster(self.first(slot));
        assert!(text.len() <= place.len(), "a text of one cluster");
        self.bytes[place.clone()].fill(0);
        self.put(place.start, text);
        self.set_size(slot, text.len() as u32);
    }

    /// Puts a longer text into clusters at the end of the file system.
    pub fn set_long_text(&mut self, slot: usize, text: &[u8]) {
        let count = text.len().div_ceil(self.cluster_bytes) as u32;
        let first = self.end() - count;
        for cluster in first..self.end() {
            let last = cluster + 1 == self.end();
            self.link(cluster, if last { 0x0fff_ffff } else { cluster + 1 });
        }
        let start = self.cluster(first).start;
        self.put(start, text);
        self.set_first(slot, first);
        self.set_size(slot, text.len() as u32);
    }

    /// Writes an MBR partition table into a sector: type, first sector and
    /// sectors of its partitions.
    pub fn mbr(&mut self, at: usize, partitions: &[(u8, u32, u32)]) {
        let table = at * SECTOR + 446;
        self.bytes[table..table + 64].fill(0);
        for (number, &(kind, first, sectors)) in partitions.iter().enumerate() {
            let entry = table + 16 * number;
            self.put(entry + 4, &[kind]);
            self.put(entry + 8, &first.to_le_bytes());
            self.put(entry + 12, &sectors.to_le_bytes());
        }
        self.put(at * SECTOR + 510, &[0x55, 0xaa]);
    }

    /// Changes both partition tables in the same way, header and array, and corrects their
    /// checksums.
    pub fn tables(&mut self, act: impl Fn(&mut [u8], &mut [u8])) {
        self.table(1, &act);
        self.table(self.bytes.len() / SECTOR - 1, &act);
    }

    /// Changes the table whose header is in a sector.
    pub fn table(&mut self, at: usize, act: impl Fn(&mut [u8], &mut [u8])) {
        let header = at * SECTOR;
        let array = self.quad(header + 72) as usize * SECTOR;
        let mut sector = self.bytes[header..header + SECTOR].to_vec();
        let mut entries = self.bytes[array..array + 128 * 128].to_vec();
        act(&mut sector, &mut entries);
        self.put(array, &entries);
        sector[88..92].copy_from_slice(&crc32fast::hash(&entries).to_le_bytes());
        sector[16..20].fill(0);
        let sum = crc32fast::hash(&sector[..92]);
        sector[16..20].copy_from_slice(&sum.to_le_bytes());
        self.put(header, &sector);
    }

    /// The starts of both headers.
    pub fn headers(&self) -> [usize; 2] {
        [SECTOR, self.bytes.len() - SECTOR]
    }

    /// The starts of both arrays.
    pub fn arrays(&self) -> [usize; 2] {
        self.headers()
            .map(|header| self.quad(header + 72) as usize * SECTOR)
    }

    fn quad(&self, at: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.bytes[at..at + 8]);
        u64::from_le_bytes(bytes)
    }

    /// The start of the first file allocation table.
    pub fn table_start(&self) -> usize {
        ESP + self.reserved
    }

    /// The start of the root directory.
    pub fn root_start(&self) -> usize {
        ESP + self.root
    }
}
