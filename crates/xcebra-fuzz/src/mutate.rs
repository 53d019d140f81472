//! Cheap mutations of sound files, for tests without coverage.

/// Mutations of an input, the same for the same seed.
#[derive(Debug, Clone)]
pub struct Mutations(u64);

impl Mutations {
    /// Mutations that depend on `seed` alone.
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A number below `limit`, by the splitmix64 generator.
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }

    /// The input with one to four changes: a byte set, a stretch removed, repeated or swapped with
    /// the end.
    pub fn of(&mut self, input: &[u8]) -> Vec<u8> {
        const EDGES: [u8; 6] = [0, 1, 0x7f, 0x80, 0xff, b'-'];
        let mut bytes = input.to_vec();
        for _ in 0..1 + self.below(4) {
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(16)).min(bytes.len());
            match self.below(6) {
                _ if bytes.is_empty() => bytes.push(self.below(256) as u8),
                0 => bytes[at] = self.below(256) as u8,
                1 => bytes[at] = EDGES[self.below(EDGES.len())],
                2 => bytes[at] ^= 1 << self.below(8),
                3 => drop(bytes.drain(at..end)),
                4 => {
                    let stretch = bytes[at..end].to_vec();
                    bytes.splice(at..at, stretch);
                }
                _ => bytes.truncate(at),
            }
        }
        bytes
    }
}
