//! Password hashes of other systems, as an import reads them and as a login does. They are only
//! read: comparing a password with one takes as long as the hash says.

use gatehouse_auth::password::{describe, import};
use gatehouse_auth::user::StoredHash;

/// The most that a login may use, in KiB.
const MAX_MEMORY: u64 = 256 << 10;

/// Reads the bytes as a password hash. What is imported is what a login can verify, with a cost
/// within the limits, and importing it again changes nothing. No message repeats a hash.
pub fn password_hash(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    // A poisoned item holds any text.
    if let Ok(description) = describe(&StoredHash::new(text.to_owned())) {
        is_affordable(&description);
    }
    match import(text) {
        Ok(Some(stored)) => {
            let description = describe(&stored).expect("no login could verify it");
            is_affordable(&description);
            let again = import(stored.expose()).expect("what was imported is refused");
            let again = again.expect("what was imported is no hash");
            assert_eq!(again.expose(), stored.expose());
        }
        Ok(None) => {
            let text = text.trim();
            assert!(
                text.is_empty() || text.starts_with('!') || text == "*",
                "no password"
            );
        }
        Err(refusal) => {
            let message = refusal.to_string();
            let words = text.split(['$', ':', ',', '{', '}', ' ']);
            for word in words.filter(|word| word.len() >= 16) {
                assert!(!message.contains(word), "{message}");
            }
        }
    }
}

/// Checks the parameters once more, as far as the description names them.
fn is_affordable(description: &str) {
    let number = |name: &str| {
        let (_, rest) = description.split_once(name)?;
        let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
        digits.parse::<u64>().ok()
    };
    if description.starts_with("argon2") {
        let (memory, passes) = (number("m=").unwrap(), number("t=").unwrap());
        assert!(memory <= MAX_MEMORY, "{description}");
        // 1.6 microseconds for each KiB, and 2 seconds at most.
        assert!(memory * passes <= 1_250_000, "{description}");
    } else if description.starts_with("bcrypt") {
        // 120 microseconds for each of 2^cost rounds.
        assert!(number("cost ").unwrap() <= 14, "{description}");
    } else if description.starts_with("scrypt") {
        let exponent = number("N = 2^").unwrap();
        let blocks = number("r = ").unwrap();
        assert!(exponent < 32, "{description}");
        assert!((blocks << exponent) / 8 <= MAX_MEMORY, "{description}");
    }
}
