//! The memory that Argon2 fills: allocated once, kept, and wiped after each hash.

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::Block;
use zeroize::optimization_barrier;

/// Buffers of the size that the live parameters need, as many as were ever in use at once.
pub(super) struct Buffers {
    blocks: usize,
    idle: Mutex<Vec<Vec<Block>>>,
}

impl Buffers {
    /// Creates an empty pool of buffers of `blocks` KiB each.
    pub(super) fn new(blocks: usize) -> Self {
        let idle = Mutex::new(Vec::new());
        Self { blocks, idle }
    }

    /// Allocates `count` buffers and touches every page of them.
    pub(super) fn warm_up(&self, count: usize) {
        let mut idle = self.idle();
        while idle.len() < count {
            idle.push(allocate(self.blocks));
        }
    }

    /// Lends a buffer of at least `blocks` KiB.
    ///
    /// A larger buffer, for an old hash, is returned to the system afterwards, so that one
    /// such login does not grow the function forever.
    pub(super) fn with<T>(&self, blocks: usize, fill: impl FnOnce(&mut [Block]) -> T) -> T {
        if blocks > self.blocks {
            let mut larger = allocate(blocks);
            let result = fill(&mut larger);
            wipe(&mut larger);
            return result;
        }
        let kept = self.idle().pop();
        let mut buffer = kept.unwrap_or_else(|| allocate(self.blocks));
        let result = fill(&mut buffer);
        wipe(&mut buffer);
        self.idle().push(buffer);
        result
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Overwrites a buffer before the function responds, since Lambda may freeze it afterwards.
/// `Zeroize` would write each word separately, which takes longer than filling a whole
/// block; the barrier keeps the compiler from leaving the fill out.
fn wipe(buffer: &mut [Block]) {
    for block in buffer.iter_mut() {
        block.as_mut().fill(0);
    }
    optimization_barrier(buffer);
}

fn allocate(blocks: usize) -> Vec<Block> {
    vec![Block::new(); blocks]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_lent_wiped_and_kept() {
        let buffers = Buffers::new(8);
        buffers.warm_up(1);
        for _ in 0..2 {
            buffers.with(8, |memory| {
                assert_eq!(memory.len(), 8);
                for block in memory {
                    assert!(block.as_ref().iter().all(|word| *word == 0));
                    block.as_mut().fill(7);
                }
            });
        }
        assert_eq!(buffers.idle().len(), 1);
    }

    #[test]
    fn a_larger_buffer_is_not_kept() {
        let buffers = Buffers::new(8);
        buffers.with(64, |memory| assert_eq!(memory.len(), 64));
        assert!(buffers.idle().is_empty());
    }
}
