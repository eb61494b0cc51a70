//! RSA moduli from a broken generator (ROCA, CVE-2017-15361): their primes are
//! powers of 65537 modulo many small primes, and so is their product.

/// True if the big-endian modulus has the generator's fingerprint. A sound modulus
/// has it with a probability below 2^-27.
pub(crate) fn is_fingerprinted(n: &[u8]) -> bool {
    PRIMES.iter().all(|&prime| {
        let residue = n
            .iter()
            .fold(0, |rest, &byte| (rest * 256 + u32::from(byte)) % prime);
        powers_of_65537(prime).any(|power| power == residue)
    })
}

fn powers_of_65537(prime: u32) -> impl Iterator<Item = u32> {
    let next = move |&power: &u32| {
        let power = power * (65_537 % prime) % prime;
        (power != 1).then_some(power)
    };
    std::iter::successors(Some(1), next)
}

/// The odd primes up to 167, as in the paper's own detector. Fewer would sometimes
/// refuse sound keys.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_65537_has_the_fingerprint_and_its_neighbour_does_not() {
        assert!(is_fingerprinted(&[1, 0, 1]));
        assert!(!is_fingerprinted(&[1, 0, 3]));
        assert!(!is_fingerprinted(&[0xc1; 256]));
    }

    #[test]
    fn powers_of_65537_are_computed() {
        let powers = |prime| powers_of_65537(prime).collect::<Vec<_>>();
        assert_eq!(powers(3), [1, 2]);
        assert_eq!(powers(11), [1, 10]);
        assert_eq!(powers(13), [1, 4, 3, 12, 9, 10]);
    }
}
