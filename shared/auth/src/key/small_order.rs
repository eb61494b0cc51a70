//! Ed25519 public keys under which some signature fits every message.
//!
//! RFC 8032 does not require verifiers to refuse them, and the backend does not.

/// True if the encoded point has an order of at most 8, or if its coordinate is
/// not reduced, because some of those are such points as well.
pub(crate) fn is_weak(x: &[u8; 32]) -> bool {
    let mut y = *x;
    // The top bit is the sign of the other coordinate, not part of this one.
    if let Some(top) = y.last_mut() {
        *top &= 0x7f;
    }
    SMALL_ORDER.contains(&y) || !is_reduced(&y)
}

/// True if the little-endian number is below 2^255 - 19.
fn is_reduced(y: &[u8; 32]) -> bool {
    y.iter().rev().lt(PRIME.iter().rev())
}

/// 2^255 - 19, little-endian.
const PRIME: [u8; 32] = with_ends(0xed, 0xff, 0x7f);

/// The coordinates of the eight points whose order divides 8: orders 4, 1, 2,
/// and two pairs of order 8. They follow from the curve's parameters.
const SMALL_ORDER: [[u8; 32]; 5] = [
    with_ends(0, 0, 0),
    with_ends(1, 0, 0),
    with_ends(0xec, 0xff, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

const fn with_ends(first: u8, between: u8, last: u8) -> [u8; 32] {
    let mut bytes = [between; 32];
    let [head, .., tail] = &mut bytes;
    *head = first;
    *tail = last;
    bytes
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    /// Why they are refused: with the neutral point as key, the backend accepts a
    /// signature made of the neutral point and zero for any message.
    #[test]
    fn the_backend_accepts_a_signature_that_fits_every_message() {
        let neutral = with_ends(1, 0, 0);
        let signature = [neutral, [0; 32]].concat();
        for message in [&b"one"[..], b"another"] {
            let key = UnparsedPublicKey::new(&ED25519, neutral);
            assert!(key.verify(message, &signature).is_ok());
        }
    }

    #[test]
    fn points_of_small_order_are_weak_with_either_sign() {
        for mut point in SMALL_ORDER {
            assert!(is_weak(&point));
            point[31] |= 0x80;
            assert!(is_weak(&point));
        }
    }

    #[test]
    fn coordinates_that_are_not_reduced_are_weak() {
        for first in 0xed..=0xff {
            assert!(is_weak(&with_ends(first, 0xff, 0x7f)), "{first}");
        }
        assert!(!is_weak(&with_ends(0xeb, 0xff, 0x7f)));
    }

    #[test]
    fn an_ordinary_key_is_not_weak() {
        let x = *b"\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\
                   \x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";
        assert!(!is_weak(&x));
    }
}
