use serde_json::json;

use super::*;

fn read(jwk: &Value) -> Result<Material, KeyError> {
    Material::read(jwk.as_object().unwrap())
}

/// RFC 7638 section 3.1.
#[test]
fn the_rsa_thumbprint_is_the_published_one() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS\
             oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65\
             YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyr\
             dkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK\
             nqDKgw";
    let jwk = json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"});
    let thumbprint = read(&jwk).unwrap().thumbprint();
    assert_eq!(thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

/// RFC 8037 appendix A.3.
#[test]
fn the_ed25519_thumbprint_is_the_published_one() {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
    let thumbprint = read(&jwk).unwrap().thumbprint();
    assert_eq!(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn coordinates_are_32_bytes_of_canonical_base64url() {
    let valid = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    for bad in [
        &valid[1..],
        &format!("{valid}="),
        &valid.replace('_', "/"),
        &format!("{}p", &valid[..42]),
        &format!(" {valid}"),
        "",
    ] {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": bad});
        assert!(matches!(read(&jwk), Err(KeyError::Member("x"))), "{bad:?}");
    }
}

#[test]
fn exponents_other_than_65537_are_refused() {
    let n = [vec![0xc1; 255], vec![0x0b]].concat();
    for e in [
        &[][..],
        &[1],
        &[3],
        &[0, 1, 0, 1],
        &[1, 0, 0],
        &[1, 0, 3],
        &[1, 0, 0, 0, 1],
    ] {
        assert!(
            matches!(Material::rsa(n.clone(), e), Err(KeyError::Weak(_))),
            "{e:?}"
        );
    }
    assert!(Material::rsa(n, &[1, 0, 1]).is_ok());
}

#[test]
fn moduli_that_are_short_long_even_or_padded_are_refused() {
    let modulus = |first: u8, length: usize, last: u8| {
        let mut n = vec![0xc1; length];
        n[0] = first;
        n[length - 1] = last;
        Material::rsa(n, &RSA_EXPONENT)
    };
    assert!(modulus(0x80, 256, 0x0b).is_ok());
    assert!(modulus(0x80, 512, 0x0b).is_ok());
    assert!(
        matches!(modulus(0x7f, 256, 0x0b), Err(KeyError::Weak(_))),
        "2047 bits"
    );
    assert!(
        matches!(modulus(0x01, 513, 0x0b), Err(KeyError::Weak(_))),
        "4097 bits"
    );
    assert!(
        matches!(modulus(0x80, 256, 0x0c), Err(KeyError::Weak(_))),
        "even"
    );
    assert!(
        matches!(modulus(0x00, 257, 0x0b), Err(KeyError::Member("n"))),
        "leading zero"
    );
    assert!(matches!(
        Material::rsa(vec![], &RSA_EXPONENT),
        Err(KeyError::Member("n"))
    ));
}
