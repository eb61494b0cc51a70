//! Hashes of the password below, created by the libraries that people migrate from:
//! Werkzeug 3.1.9, Django 5.2.19, passlib 1.7.4, bcrypt 5.0.0 and argon2-cffi 25.1.0,
//! each with its defaults or, if marked "short", with less work.

use std::time::{Duration, Instant};

use crate::password::{Argon2Params, Excess, HashError, Hasher, TypedPassword, Verified, describe};
use crate::user::StoredHash;

const PASSWORD: &str = "seven quiet otters at dawn";

/// A hash and its description for people.
const MADE_ELSEWHERE: [(&str, &str); 27] = [
    // Werkzeug: generate_password_hash(password), the same with method "pbkdf2", short ones.
    (
        "scrypt:32768:8:1$TlOTQ2lMTj3FES8a$3f92d91d1eb48731c208236e2da91c3735e6daf43597ee846dee2d132fffe1d09720355f2b0c32b9db4d1aa673bcafcac9233cbf3ff322871b7135d8474fa3da",
        "scrypt, N = 2^15, r = 8, p = 1",
    ),
    (
        "scrypt:16384:8:2$XenKxj6qZpkFa2cE$459234887af22d631a57b64e7211d1eb3beeb096a86df7e8129e876db4487f5891fce73389f2cd2f75edebe7a2b5aa14973bd1d97f1dd2a8f21b8c9a38833d9f",
        "scrypt, N = 2^14, r = 8, p = 2",
    ),
    (
        "pbkdf2:sha256:1000000$YblVAKIQYvaLZpTr$102afef1f6b02165617d2c399bb25812cd67bc5c759f63cc229da5c2aa8a331f",
        "PBKDF2-HMAC-SHA-256, 1000000 iterations",
    ),
    (
        "pbkdf2:sha256:1000$zRS0AlUVuWoG7RoN$dbbc4a15ae8c6f558bd4a839947e651fc0413bde74be7dc67d883d5970c7ed29",
        "PBKDF2-HMAC-SHA-256, 1000 iterations",
    ),
    (
        "pbkdf2:sha1:1000$uV0GZNm1u7qgWWJ7$6ef9f5426826aecc94f42334e5fdbe203521575d",
        "PBKDF2-HMAC-SHA-1, 1000 iterations",
    ),
    (
        "pbkdf2:sha512:1000$Sz5Nq1Cq3sUdNI9p$68c4d3abcebafd522818dadfe88da421df44019e68a0f7b9b33efbda6608c6d53b5072df5d11af5a52d5097b9436311605e57fe1f1dbf276c10c52c00d3b8873",
        "PBKDF2-HMAC-SHA-512, 1000 iterations",
    ),
    // Django: make_password(password, hasher=...), short ones.
    (
        "pbkdf2_sha256$1000000$F7tc5mTRhi0hkv8zMy5O4u$6Qj0gttFyFVKPSzqEnZGjJrEass4Wzc47JnIG8PEhos=",
        "PBKDF2-HMAC-SHA-256, 1000000 iterations",
    ),
    (
        "pbkdf2_sha1$1000000$XlL9SyCIzXjc9mXFGpApbQ$vW2OGhMFp6X+nb+kLEufnXAGZ70=",
        "PBKDF2-HMAC-SHA-1, 1000000 iterations",
    ),
    (
        "argon2$argon2id$v=19$m=102400,t=2,p=8$YTFWZ0JFUkRpSFVWbjc0akgwd1B2aQ$F0rb/VvZMyxTEckUt7+1TUcOQWyjrcsqGGPscO1UUxE",
        "argon2id, m=102400, t=2, p=8",
    ),
    (
        "bcrypt_sha256$$2b$12$43zzuIB8pDgNtV7OzDR2gOlBjymxl4mdS5q1ozW5jARH4ATTF50UC",
        "bcrypt of SHA-256, cost 12",
    ),
    (
        "bcrypt_sha256$$2b$04$WbNUFf5V4Cq/N2sJbZEU6uktUA0ckRu2Cv301SVt3cHPBkuYkRHUC",
        "bcrypt of SHA-256, cost 4",
    ),
    (
        "bcrypt$$2b$12$JA3m4lE4CuTGPdbCbsnsPOJcLWsbQkul1Nbg3N12srWq2sfno6JIG",
        "bcrypt, cost 12",
    ),
    (
        "scrypt$16384$VwbfCBjT1HEoCcdL01njDj$8$5$RmL4rlj99bQYZaul8QMcO7WFxPr3AO7xQAu3kFiZYDrj9QOoXmxWKFaGkCHgXzJ77JJQ+0ajnJ15czsURPRr5w==",
        "scrypt, N = 2^14, r = 8, p = 5",
    ),
    (
        "pbkdf2_sha256$1000$somesaltsomesalt$VM3EGXROoyr7sZXgbF9ZzOm6bYQ59vqbe3xUVhASooQ=",
        "PBKDF2-HMAC-SHA-256, 1000 iterations",
    ),
    // passlib: pbkdf2_sha256.hash(password), scrypt.hash(password), short ones.
    (
        "$pbkdf2-sha256$29000$kRJizFlrjbEW4vy/t1Yq5Q$eV8xeyJl4ywNdKtNsatNf4AZW3D7dylWL.TXwQHF/oc",
        "PBKDF2-HMAC-SHA-256, 29000 iterations",
    ),
    (
        "$pbkdf2-sha512$1000$3Pvfey.F0BpDyLl3DiFkDA$MO.Gs8pFbCj6JF.rX1aSssUbLOMxFzqcfp3pS1uPabloTVT7WRXK5rwipCRTPa3rblD6GfRzAZ3m08c52ssq3w",
        "PBKDF2-HMAC-SHA-512, 1000 iterations",
    ),
    (
        "$pbkdf2$1000$BKCU0prTutcaA2DsnXOuFQ$vUMGa8uvQvGgYKSjs3LwjYH9k5Q",
        "PBKDF2-HMAC-SHA-1, 1000 iterations",
    ),
    (
        "$scrypt$ln=10,r=8,p=1$i7H2HmOMsZbS2ptTCoGQ0g$HeHv+YjHD8fUXUXXYu25kxarbpWePtwlOXUxE7fPRF0",
        "scrypt, N = 2^10, r = 8, p = 1",
    ),
    (
        "$scrypt$ln=16,r=8,p=1$BSDEuDcmpJTynnMOIaR0Tg$6PP/Ny62MWGsl9OROIAa1P6QMZsAJ4ctkFtrRj2a27o",
        "scrypt, N = 2^16, r = 8, p = 1",
    ),
    // bcrypt: hashpw(password, gensalt(4)), and with the prefix 2a; the third is the
    // second as PHP writes it.
    (
        "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2",
        "bcrypt, cost 4",
    ),
    (
        "$2a$04$Ort7wsZPrHgWID44o2Rs3eTQE2lA5kDpkng8TPpRoeK/YcMlTbjz.",
        "bcrypt, cost 4",
    ),
    (
        "$2y$04$Ort7wsZPrHgWID44o2Rs3eTQE2lA5kDpkng8TPpRoeK/YcMlTbjz.",
        "bcrypt, cost 4",
    ),
    // argon2-cffi: PasswordHasher().hash(password), the three types with 8 lanes, and
    // hash_secret(..., version=16).
    (
        "$argon2id$v=19$m=65536,t=3,p=4$coOenROApVcMNtmNssDDzA$aiQAzFcCj06bBWektuxPsJmkuaTO6GpFwcPCqjvuCn8",
        "argon2id, m=65536, t=3, p=4",
    ),
    (
        "$argon2i$v=19$m=1024,t=1,p=8$cLdl5Jwm3GE4s1ZBf4WqTw$8Mwr/g6oxZA1+CNXEcsVRQVebqjCsJb1yn1ZW23/lV4",
        "argon2i, m=1024, t=1, p=8",
    ),
    (
        "$argon2d$v=19$m=1024,t=1,p=8$o/R9fJzHOnuq8Cn6jtlP1w$8lWJkH2ue34KjT4hKM+4lX0ro5EK9oAlu2TuRmJIIBw",
        "argon2d, m=1024, t=1, p=8",
    ),
    (
        "$argon2id$v=19$m=1024,t=1,p=8$3Caz/JVsVle7TzEDZayTkQ$mRS/zTEFJgUABlafz147TtlXOhFqj3hyeUrbGP7a38I",
        "argon2id, m=1024, t=1, p=8",
    ),
    (
        "$argon2i$v=16$m=1024,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$WEA0yeUFJA6NGz4A0Pm9R1G+Wv7+116fz2FnkJ6X5+c",
        "argon2i, m=1024, t=1, p=1",
    ),
];

fn hasher() -> Hasher {
    Hasher::new(Argon2Params::default(), 1)
}

async fn verify(password: &str, hash: &str) -> Result<Verified, HashError> {
    let password = TypedPassword::new(password);
    let stored = StoredHash::new(hash.to_owned());
    hasher().verify(password, Some(stored)).await
}

#[tokio::test]
async fn hashes_of_other_libraries_verify_and_are_to_be_replaced() {
    for (hash, described) in MADE_ELSEWHERE {
        let other = "seven quiet otters at dusk";
        let right = verify(PASSWORD, hash).await;
        assert_eq!(right, Ok(Verified::Outdated), "{described}");
        let wrong = verify(other, hash).await;
        assert_eq!(wrong, Ok(Verified::Wrong), "{described}");
        let stored = StoredHash::new(hash.to_owned());
        assert_eq!(describe(&stored).as_deref(), Ok(described));
    }
}

/// PHC string format, converted from passlib's: the same salt and the same hash.
#[tokio::test]
async fn pbkdf2_in_phc_string_format_verifies() {
    let salt = "KwWg9B4jZIwxRsi5d6713g";
    let hash = "LUXXECIXS0v5lP6vdzuewyP6UU1AB1sey1+G2aAgirI";
    for params in ["i=1000", "i=1000,l=32"] {
        let phc = format!("$pbkdf2-sha256${params}${salt}${hash}");
        let right = verify(PASSWORD, &phc).await;
        assert_eq!(right, Ok(Verified::Outdated), "{params}");
    }
    for params in ["i=1000,l=31", "i=1000,l=", "i=,l=32", "l=32", ""] {
        let phc = format!("$pbkdf2-sha256${params}${salt}${hash}");
        let malformed = describe(&StoredHash::new(phc));
        assert_eq!(malformed, Err(HashError::Malformed), "{params}");
    }
}

/// A hash by bcrypt 5.0.0 of 71 letters and an accented one, truncated at 72 bytes in the
/// middle of a character. A user with such a password can still log in.
#[tokio::test]
async fn bcrypt_uses_72_bytes_as_in_the_system_that_created_the_hash() {
    let hash = "$2b$04$OcrE6effX51Nw3CsMsVL0.i1H2IYppmr4eGEf74a2Srizu3kKLHAC";
    let password = "x".repeat(71);
    for matching in [
        format!("{password}\u{e9}"),
        format!("{password}\u{e9} more"),
        format!("{password}\u{c3}"),
    ] {
        // There is no way to know which one it was; a new hash could lock its owner out.
        assert_eq!(verify(&matching, hash).await, Ok(Verified::Right));
    }
    assert_eq!(verify(&password, hash).await, Ok(Verified::Wrong));
}

/// bcrypt repeats the password and a NUL, so `ab` and `ab`, NUL, `ab` are the same to it.
/// HMAC ignores NULs at the end, and crypt(3) everything after one.
#[tokio::test]
async fn a_password_with_a_nul_matches_no_hash_of_another_form() {
    let quick =
        |hash: &str| hash.contains("1000$") || hash.contains("$04$") || hash.contains("=10,");
    for (hash, described) in MADE_ELSEWHERE.iter().filter(|(hash, _)| quick(hash)) {
        for typed in [
            format!("{PASSWORD}\0{PASSWORD}"),
            format!("{PASSWORD}\0"),
            format!("{PASSWORD}\0\0\0\0"),
            format!("{PASSWORD}\0 and more"),
        ] {
            let verified = verify(&typed, hash).await;
            assert_eq!(verified, Ok(Verified::Wrong), "{described}");
        }
    }
}

/// None of these may cost memory or time, even if the table was poisoned.
#[tokio::test]
async fn a_foreign_hash_that_requires_too_much_work_is_never_computed() {
    let mut parsing = Duration::ZERO;
    let (hex, base64) = ("0".repeat(128), "A".repeat(43));
    let bcrypt = "tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";
    for hostile in [
        format!("$2b$17${bcrypt}"),
        format!("$2b$31${bcrypt}"),
        format!("bcrypt_sha256$$2b$99${bcrypt}"),
        format!("scrypt:4294967296:8:1$salt${hex}"),
        format!("scrypt:2147483648:8:1$salt${hex}"),
        format!("scrypt:524288:8:1$salt${hex}"),
        format!("scrypt:32768:8:33$salt${hex}"),
        format!("scrypt:2:1:4294967295$salt${hex}"),
        format!("scrypt:2:4294967295:4294967295$salt${hex}"),
        format!("$scrypt$ln=63,r=8,p=1$c2FsdA${base64}"),
        format!("$scrypt$ln=127,r=8,p=1$c2FsdA${base64}"),
        format!("$scrypt$ln=1,r=1048576,p=4$c2FsdA${base64}"),
        format!("$pbkdf2-sha512$10000000$c2FsdA${base64}{base64}"),
        format!("scrypt$16384$salt$8$999999${base64}{base64}"),
        format!("pbkdf2:sha256:10000001$salt${hex}"),
        format!("pbkdf2_sha256$4294967295$salt${base64}"),
        format!("$pbkdf2-sha512$i=99999999999$c2FsdA${base64}"),
        "$5$rounds=2000001$salt$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8".to_owned(),
        "$P$JIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0".to_owned(),
        "$fbscrypt$v=1,n=31,r=8,p=1,ss=Bw==,sk=AAAAAAAAAAAAAAAAAAAAAA$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "$bcrypt-sha256$v=2,t=2b,r=31$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2".to_owned(),
    ] {
        let started = Instant::now();
        let described = describe(&StoredHash::new(hostile.clone()));
        assert!(
            matches!(described, Err(HashError::TooCostly(_))),
            "{hostile}"
        );
        parsing += started.elapsed();
        // The work is that of an unknown user.
        let verified = verify(PASSWORD, &hostile).await;
        assert_eq!(verified, Ok(Verified::Unusable), "{hostile}");
    }
    assert!(parsing < Duration::from_secs(1));
}

/// At least 16 bytes of output must remain. That is the minimum for hashes that state their
/// length, and no other password matches it.
#[test]
fn a_truncated_hash_is_rejected_below_128_bits() {
    for (hash, described) in MADE_ELSEWHERE {
        let output = hash.rfind('$').unwrap() + 1;
        let any_length = ["argon2", "scrypt", "PBKDF2"];
        let least = if !any_length.iter().any(|name| described.starts_with(name)) {
            hash.len()
        } else if hash.starts_with("scrypt:") || hash.starts_with("pbkdf2:") {
            output + 32
        } else {
            output + 22
        };
        for end in 0..least {
            let cut = StoredHash::new(hash[..end].to_owned());
            assert_eq!(
                describe(&cut),
                Err(HashError::Malformed),
                "{described}: {end}"
            );
        }
    }
}

/// Keycloak uses 64 bytes with every digest; argon2-cffi once used 16.
#[tokio::test]
async fn an_output_may_have_any_length_within_the_bounds() {
    let sixteen = "$argon2i$v=19$m=512,t=2,p=2$aI2R0hpDyLm3ltLa+1/rvQ$LqPKjd6n8yniKtAithoR7A";
    assert_eq!(
        describe(&StoredHash::new(sixteen.into())).as_deref(),
        Ok("argon2i, m=512, t=2, p=2")
    );
    let long = "A".repeat(171);
    for (hash, expected) in [
        (
            format!("$pbkdf2-sha256$i=1000$c2FsdA${long}"),
            Ok("PBKDF2-HMAC-SHA-256, 1000 iterations".to_owned()),
        ),
        (
            format!("$pbkdf2-sha256$i=1000$c2FsdA${long}AA"),
            Err(HashError::Malformed),
        ),
        (
            format!("$scrypt$ln=10,r=8,p=1$c2FsdA${}", &long[..22]),
            Ok("scrypt, N = 2^10, r = 8, p = 1".to_owned()),
        ),
        (
            format!("$scrypt$p=1,r=8,ln=1024$c2FsdA${}", &long[..43]),
            Ok("scrypt, N = 2^10, r = 8, p = 1".to_owned()),
        ),
        (
            format!("$pbkdf2-sha256$i=5000000$c2FsdA${long}"),
            Err(HashError::TooCostly(Excess::Time(Duration::from_secs(20)))),
        ),
    ] {
        assert_eq!(describe(&StoredHash::new(hash)), expected);
    }
}

#[tokio::test]
async fn malformed_foreign_hashes_are_refused() {
    let hex = "0".repeat(128);
    for malformed in [
        "$2x$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2".to_owned(),
        "$2b$03$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2".to_owned(),
        "$2b$+4$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2".to_owned(),
        "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2x".to_owned(),
        "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4f\u{e9}".to_owned(),
        format!("scrypt:32767:8:1$salt${hex}"),
        format!("scrypt:0:8:1$salt${hex}"),
        format!("scrypt:1024:0:1$salt${hex}"),
        format!("scrypt:1024:8:-1$salt${hex}"),
        format!("scrypt:1024:8$salt${hex}"),
        format!("scrypt:1024:8:1$salt${hex}$"),
        format!("scrypt:1024:8:1$salt${}", hex.replace('0', "G")),
        format!("scrypt:1024:8:1$salt${}", hex.replace('0', "A")),
        format!("pbkdf2:sha256$salt${hex}"),
        format!("pbkdf2:md5:1000$salt${hex}"),
        format!("pbkdf2:sha256:01000$salt${hex}"),
        format!("pbkdf2:sha256:0$salt${hex}"),
        "pbkdf2:sha256:1000$salt$00".to_owned(),
        format!("pbkdf2:sha256:1000$${hex}"),
        "$5$rounds=999$salt$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8".to_owned(),
        "$5$rounds=01000$salt$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8".to_owned(),
        "$5$seventeencharacte$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8".to_owned(),
        "$P$.IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0".to_owned(),
        "pbkdf2:sha256:1000$salt$".to_owned(),
        format!("pbkdf2:sha256:1000$salt${}", hex.repeat(5)),
        format!("sha1$salt${hex}"),
        format!("md5$salt${hex}"),
        format!("$scrypt$ln=4294967295,r=8,p=1$c2FsdA${}", &hex[..43]),
        format!("$scrypt$ln=16,r=1,p=1$c2FsdA${}", &hex[..43]),
    ] {
        let refused = describe(&StoredHash::new(malformed.clone()));
        assert_eq!(refused, Err(HashError::Malformed), "{malformed}");
        let refused = verify(PASSWORD, &malformed).await;
        assert_eq!(refused, Ok(Verified::Unusable), "{malformed}");
    }
}
