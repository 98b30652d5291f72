//! Little-endian fields at fixed places: the only way headers are read and written.

/// The `N` bytes at `at`. The caller has checked the length: places are constants of the format.
pub(super) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}

/// The u16 at `at`.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

/// The u32 at `at`.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

/// The u64 at `at`.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

/// Lays fields one after another into a buffer of fixed size.
pub(super) struct Fields<const N: usize> {
    bytes: [u8; N],
    filled: usize,
}

impl<const N: usize> Fields<N> {
    /// An empty buffer.
    pub(super) fn new() -> Self {
        Fields { bytes: [0; N], filled: 0 }
    }

    /// Adds `field`, which is already in file order.
    pub(super) fn put(mut self, field: &[u8]) -> Self {
        self.bytes[self.filled..self.filled + field.len()].copy_from_slice(field);
        self.filled += field.len();
        self
    }

    /// Adds the CRC32C of everything so far as the last field.
    pub(super) fn seal(self) -> [u8; N] {
        assert_eq!(self.filled + 4, N, "fields of a fixed layout");
        let crc = crc32c::crc32c(&self.bytes[..self.filled]);
        self.put(&crc.to_le_bytes()).bytes
    }
}
