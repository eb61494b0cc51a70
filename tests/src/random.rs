//! Numbers that repeat with their seed, so that a history can be repeated.

/// A linear congruential generator (Knuth's constants).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Begins at a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        random.below(2);
        random
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Returns one seed after another, beginning with this one. Each is below 2^32, so that `cargo
/// long --seed` repeats it; runs that begin at neighbouring seeds do not meet (Knuth's and Lewis's
/// constants give one cycle of all of them).
pub fn seeds(first: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(first & 0xFFFF_FFFF), |seed| {
        Some(seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) & 0xFFFF_FFFF)
    })
}
