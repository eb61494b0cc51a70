use std::time::Instant;

use super::super::stored::Readable;
use super::super::{Argon2Params, describe, import};
use super::*;
use crate::user::StoredHash;

/// A hash of every form with little work, and shapes that need much of one thing.
fn forms() -> Vec<(&'static str, String)> {
    let bcrypt = "tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";
    let (hex, base64) = ("0".repeat(64), "A".repeat(43));
    let sha512 = ".".repeat(86);
    vec![
        (
            "argon2id, t = 1",
            format!("$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ${base64}"),
        ),
        (
            "argon2id, t = 4",
            format!("$argon2id$v=19$m=16384,t=4,p=4$c29tZXNhbHQ${base64}"),
        ),
        (
            "argon2i, short lanes",
            format!("$argon2i$v=19$m=8192,t=4,p=1024$c29tZXNhbHQ${base64}"),
        ),
        (
            "argon2d, little memory",
            format!("$argon2d$v=19$m=8,t=2000,p=1$c29tZXNhbHQ${base64}"),
        ),
        ("bcrypt", format!("$2b$10${bcrypt}")),
        (
            "bcrypt of SHA-256",
            format!("bcrypt_sha256$$2b$10${bcrypt}"),
        ),
        ("scrypt, r = 8", format!("scrypt:16384:8:1$salt${hex}")),
        ("scrypt, p = 64", format!("scrypt:1024:1:64$salt${hex}")),
        ("scrypt, r = 8192", format!("scrypt:2:8192:4$salt${hex}")),
        (
            "scrypt, 128 bytes",
            format!("scrypt:2:16384:1$salt${}", hex.repeat(4)),
        ),
        ("PBKDF2, SHA-1", format!("pbkdf2:sha1:50000$salt${hex}")),
        ("PBKDF2, SHA-256", format!("pbkdf2:sha256:50000$salt${hex}")),
        ("PBKDF2, SHA-384", format!("pbkdf2:sha384:50000$salt${hex}")),
        ("PBKDF2, SHA-512", format!("pbkdf2:sha512:50000$salt${hex}")),
        (
            "SHA-256-crypt",
            format!("$5$rounds=20000$salt${}", "A".repeat(43)),
        ),
        ("SHA-512-crypt", format!("$6$rounds=20000$salt${sha512}")),
        (
            "phpass of MD5",
            "$P$CIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0".to_owned(),
        ),
        (
            "phpass of SHA-512",
            format!("$S$CIQRaTwmf{}", "A".repeat(43)),
        ),
        (
            "Firebase",
            format!("$fbscrypt$v=1,n=13,r=8,p=1,ss=Bw==,sk={base64}$c2FsdA${base64}"),
        ),
    ]
}

/// `cargo test -p gatehouse-auth --lib no_form_takes -- --nocapture` prints how many times
/// faster this machine is than the constants say.
#[test]
#[expect(clippy::print_stdout, reason = "prints what it measured")]
fn no_form_takes_longer_than_its_model() {
    for (form, text) in forms() {
        let hash = Readable::parse(&StoredHash::new(text)).unwrap();
        for bytes in [16, 500] {
            let password = vec![b'x'; bytes];
            let model = hash.cost(bytes).time();
            // One in twenty is enough: other work on this machine makes any of them slower.
            let mut took = time(&hash, &password);
            for _ in 1..20 {
                if took * 2 < model {
                    break;
                }
                took = took.min(time(&hash, &password));
            }
            let ratio = model.as_secs_f64() / took.as_secs_f64();
            println!("{form:24} {bytes:3} bytes: {took:>10.1?}, model {model:>10.1?}: {ratio:5.1}");
            assert!(
                took <= model,
                "{form}: {took:?}, and the model says {model:?}"
            );
        }
    }
}

/// Returns how long this thread computes, as far as the system says so.
fn time(hash: &Readable, password: &[u8]) -> Duration {
    let (started, computed) = (Instant::now(), computed());
    match hash {
        Readable::Argon2(hash) => {
            let mut output = vec![0; hash.output.len()];
            let argon2 = argon2::Argon2::new(hash.algorithm, hash.version, hash.params.clone());
            argon2
                .hash_password_into(password, &hash.salt, &mut output)
                .unwrap();
        }
        Readable::Foreign(hash) => assert!(!hash.matches(password).unwrap()),
    }
    match (computed, self::computed()) {
        (Some(before), Some(after)) if after > before => after.saturating_sub(before),
        _ => started.elapsed(),
    }
}

/// Linux: how long this thread has had a processor.
fn computed() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = text.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

fn error(text: &str) -> String {
    import(text).unwrap_err().to_string()
}

/// Both took far more than the limits said: 946 MB and 6.8 s, and 7.5 s.
#[test]
fn no_shape_of_a_hash_hides_its_cost() {
    let base64 = "A".repeat(86);
    assert_eq!(
        error(&format!("$scrypt$ln=1,r=1048576,p=4$c2FsdA${base64}")),
        "the scrypt hash takes 896 MiB of memory, and a login may use 256: import the \
         account without a hash and let the person set a new password"
    );
    assert_eq!(
        error(&format!("$pbkdf2-sha512$10000000$c2FsdA${base64}")),
        "the PBKDF2 hash takes 15.0 s on the slowest processor, and a login may take 2: \
         import the account without a hash and let the person set a new password"
    );
}

/// The defaults of the systems that people come from, the costliest that we know of.
#[test]
fn the_defaults_of_other_systems_are_within_the_limits() {
    let (hex, base64) = ("0".repeat(64), "A".repeat(43));
    let bcrypt = "tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";
    for text in [
        // Django 6.0, and 6.1.
        format!("pbkdf2_sha256$1200000$salt${base64}="),
        format!("pbkdf2_sha256$1500000$salt${base64}="),
        format!("scrypt$16384$salt$8$5${base64}="),
        format!("argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHQ${base64}"),
        // Werkzeug 3.
        format!("scrypt:32768:8:1$salt${hex}"),
        format!("pbkdf2:sha256:1000000$salt${hex}"),
        // passlib's sha256_crypt, sha512_crypt and phpass.
        format!("$5$rounds=535000$salt${base64}"),
        format!("$6$rounds=656000$salt${}", ".".repeat(86)),
        "$P$HIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0".to_owned(),
        // Laravel 11 has 12; 14 is what some choose.
        format!("$2y$12${bcrypt}"),
        format!("$2y$14${bcrypt}"),
        // OWASP's scrypt, RFC 9106's second choice.
        format!("$scrypt$ln=17,r=8,p=1$c2FsdA${base64}"),
        format!("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ${base64}"),
    ] {
        assert!(import(&text).is_ok(), "{text}: {:?}", import(&text).err());
    }
}

#[test]
fn parameters_that_a_function_starts_with_can_be_verified() {
    for (memory_kib, iterations) in [(262_144, 4), (19_456, 60), (7_168, 16)] {
        assert!(Argon2Params::new(memory_kib, iterations).is_ok());
        let stored = StoredHash::new(format!(
            "$argon2id$v=19$m={memory_kib},t={iterations},p=1$c29tZXNhbHQ${}",
            "A".repeat(43)
        ));
        assert!(describe(&stored).is_ok());
    }
}

#[test]
fn an_excess_is_rounded_up() {
    let just = Cost::new(MAX_MEMORY, 2_000_000_000);
    assert_eq!(just.check(), Ok(()));
    let memory = Cost::new(MAX_MEMORY + 1, 0).check().unwrap_err();
    assert_eq!(
        memory.to_string(),
        "257 MiB of memory, and a login may use 256"
    );
    let time = Cost::new(0, 2_000_000_001).check().unwrap_err();
    assert_eq!(
        time.to_string(),
        "2.1 s on the slowest processor, and a login may take 2"
    );
}
