//! Known answers from the reference implementation and from another implementation.

use argon2::{Algorithm, Version};
use std::path::PathBuf;

use argon2::{AssociatedData, Block, ParamsBuilder};

use super::*;

/// RFC 9106 section 5.3, which also has a secret and associated data.
#[test]
fn argon2id_matches_the_reference_implementation() {
    let file = std::fs::read_to_string(vectors().join("argon2id_kat.txt")).unwrap();
    let field = |label| {
        file.lines()
            .find_map(|line| line.strip_prefix(label))
            .unwrap()
    };
    let hex = |label| -> Vec<u8> {
        let bytes = field(label).split_whitespace();
        bytes
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect()
    };
    let work = "32 KiB, Iterations: 3, Parallelism: 4 lanes, Tag length: 32 bytes";
    assert_eq!(field("Memory: "), work);
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(AssociatedData::new(&hex("Associated data[12]: ")).unwrap())
        .build()
        .unwrap();

    let mut memory = vec![Block::new(); params.block_count()];
    let mut tag = [0; 32];
    let secret = hex("Secret[8]: ");
    Argon2::new_with_secret(&secret, Algorithm::Argon2id, Version::V0x13, params)
        .unwrap()
        .hash_password_into_with_memory(
            &hex("Password[32]: "),
            &hex("Salt[16]: "),
            &mut tag,
            &mut memory,
        )
        .unwrap();
    assert_eq!(tag.as_slice(), hex("Tag: "));
}

/// From pyca/cryptography's `Argon2id` over the composed password's UTF-8.
#[tokio::test]
async fn a_hash_matches_another_implementation() {
    let hasher = Hasher::new(Argon2Params::default(), 1);
    let typed = password("cre\u{300}me bru\u{302}le\u{301}e");
    let stored = hasher.hash(typed, [7; 16]).await.unwrap();
    assert_eq!(
        stored.expose(),
        "$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw\
         $wpqAdoN9y2Yhc6GKU+s14V/ujnO057UTsAl87kgIKqk"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "the path to the test vectors is not a setting"
)]
fn vectors() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    std::env::var_os("GATEHOUSE_VECTORS").map_or(beside.into(), PathBuf::from)
}
