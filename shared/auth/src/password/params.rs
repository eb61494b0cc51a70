//! The work that a password hash takes.

use argon2::Params;

use super::cost::{Cost, Excess, nanos};

/// Memory and iterations of Argon2id, with one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argon2Params(Params);

/// Why parameters are rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// Weaker than the row of OWASP's table for this number of iterations.
    #[error(
        "argon2id needs 47104 KiB for 1 iteration, 19456 for 2, 12288 for 3, 9216 for 4, 7168 for more"
    )]
    TooWeak,
    /// More than a login verifies, so no one could log in.
    #[error("argon2id takes {0}: lower ARGON2_ITERATIONS or ARGON2_MEMORY_KIB")]
    TooCostly(Excess),
}

impl Argon2Params {
    /// Creates parameters from the memory in KiB and the number of passes over it.
    ///
    /// # Errors
    /// [`ParamsError`] if they are below OWASP's row or above what a login verifies.
    pub fn new(memory_kib: u32, iterations: u32) -> Result<Self, ParamsError> {
        let row = OWASP_ROWS.iter().rfind(|row| row.0 <= iterations);
        let least_kib = row.ok_or(ParamsError::TooWeak)?.1;
        if memory_kib < least_kib {
            return Err(ParamsError::TooWeak);
        }
        let params = Params::new(memory_kib, iterations, LANES, None);
        let params = params.map_err(|_| ParamsError::TooWeak)?;
        cost(&params).check().map_err(ParamsError::TooCostly)?;
        Ok(Self(params))
    }

    pub(super) fn as_argon2(&self) -> &Params {
        &self.0
    }
}

/// Returns what one hash costs. The lanes are computed one by one in the same memory. The
/// forms with independent addresses compute those too: two blocks for each of the four
/// segments that a lane has in a pass, or for 128 blocks of a longer one.
pub(super) fn cost(params: &Params) -> Cost {
    let blocks = params.block_count() as u64;
    let addresses = 8 * u64::from(params.p_cost()) + blocks / 64;
    let filled = u64::from(params.t_cost()).saturating_mul(blocks + addresses);
    Cost::new(blocks << 10, nanos(filled, BLOCK))
}

/// 19 MiB and 2 iterations, OWASP's second row: the fastest of them on our machines.
impl Default for Argon2Params {
    fn default() -> Self {
        Self(Params::DEFAULT)
    }
}

/// Iterations and the minimum KiB for each, from OWASP's Password Storage Cheat Sheet.
/// Lower values make guessing from a stolen table cheaper than it recommends.
const OWASP_ROWS: [(u32, u32); 5] = [
    (1, 47_104),
    (2, 19_456),
    (3, 12_288),
    (4, 9_216),
    (5, 7_168),
];
/// One, because a function has one or two processors and lanes are computed one by one.
const LANES: u32 = 1;
/// How long filling one KiB takes in memory that is new, in nanoseconds.
const BLOCK: u64 = 1_600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_below_any_owasp_row_are_refused() {
        for (iterations, least_kib) in OWASP_ROWS {
            assert!(Argon2Params::new(least_kib, iterations).is_ok());
            let weaker = Argon2Params::new(least_kib - 1, iterations);
            assert_eq!(weaker, Err(ParamsError::TooWeak));
        }
        assert_eq!(Argon2Params::new(47_104, 0), Err(ParamsError::TooWeak));
        assert_eq!(Argon2Params::new(7_167, 16), Err(ParamsError::TooWeak));
    }

    #[test]
    fn parameters_beyond_what_a_login_verifies_are_rejected() {
        for (memory_kib, iterations) in [(262_148, 1), (u32::MAX, u32::MAX)] {
            let costly = Argon2Params::new(memory_kib, iterations);
            assert!(matches!(
                costly,
                Err(ParamsError::TooCostly(Excess::Memory(_)))
            ));
        }
        for (memory_kib, iterations) in [(262_144, 8), (19_456, 110), (7_168, u32::MAX)] {
            let costly = Argon2Params::new(memory_kib, iterations);
            assert!(matches!(
                costly,
                Err(ParamsError::TooCostly(Excess::Time(_)))
            ));
        }
    }

    #[test]
    fn the_default_is_19_mib_and_2_iterations() {
        assert_eq!(Argon2Params::new(19_456, 2), Ok(Argon2Params::default()));
    }
}
