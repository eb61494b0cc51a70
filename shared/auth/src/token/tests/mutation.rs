//! A valid token is rejected after any change.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::forge::{claims, encode, header_of, sign_with, valid, verify};
use crate::key::testing::{ALGORITHMS, key};

fn flips(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

#[test]
fn no_token_with_one_bit_flipped_is_accepted() {
    for algorithm in ALGORITHMS {
        let key = key(algorithm);
        let token = sign_with(key, header_of(key).to_string(), claims().to_string());
        assert!(verify(&token).is_ok() && token.len() > 400);
        // Text that is no longer UTF-8 cannot be a header value either.
        let flipped = flips(token.as_bytes()).filter_map(|bytes| String::from_utf8(bytes).ok());
        let tried = flipped
            .inspect(|token| assert!(verify(token).is_err(), "{token}"))
            .count();
        assert_eq!(tried, token.len() * 7);
    }
}

#[test]
fn no_token_with_one_bit_flipped_beneath_the_base64_is_accepted() {
    for algorithm in ALGORITHMS {
        let key = key(algorithm);
        let token = sign_with(key, header_of(key).to_string(), claims().to_string());
        let parts: Vec<&str> = token.split('.').collect();
        for position in 0..3 {
            let bytes = URL_SAFE_NO_PAD.decode(parts[position]).unwrap();
            for flipped in flips(&bytes) {
                let flipped = encode(flipped);
                let mut parts = parts.clone();
                parts[position] = &flipped;
                assert!(verify(&parts.join(".")).is_err(), "{algorithm} {position}");
            }
        }
    }
}

proptest! {
    #![proptest_config(crate::property::config())]

    #[test]
    fn no_token_with_a_piece_replaced_is_accepted(
        at in any::<prop::sample::Index>(),
        removed in 0_usize..8,
        inserted in "[A-Za-z0-9_.=-]{0,8}",
    ) {
        let valid = valid();
        let start = at.index(valid.len());
        let end = (start + removed).min(valid.len());
        let mutated = [&valid[..start], &inserted, &valid[end..]].concat();
        prop_assume!(mutated != valid);
        prop_assert!(verify(&mutated).is_err());
    }

    #[test]
    fn no_text_makes_it_panic(token in "\\PC{0,300}") {
        prop_assert!(verify(&token).is_err());
    }

    #[test]
    fn no_three_parts_make_it_panic(parts in prop::array::uniform3(prop::collection::vec(any::<u8>(), 0..80))) {
        prop_assert!(verify(&parts.map(encode).join(".")).is_err());
    }
}
