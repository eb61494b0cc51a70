//! Common passwords that the strength estimate would accept.
//!
//! The estimate (zxcvbn) already knows 30,000 common passwords, words, names, keyboard
//! rows, repetitions and dates, so they need no list here. What remains is short: long
//! passwords that are on every attacker's list all the same.

use zeroize::Zeroizing;

/// True if the password is on the list: as it is, without the separators between its
/// letters and digits, or without a suffix.
pub(super) fn is_common(folded: &str) -> bool {
    let bare: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    let bare = Zeroizing::new(bare);
    let stem = bare.trim_end_matches(char::is_numeric);
    entries().any(|entry| entry == folded || entry == *bare || entry == stem)
}

/// Iterates over the list.
pub(super) fn entries() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter(|line| !line.starts_with("# "))
}

const LIST: &str = include_str!("common.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_lower_case_and_fits_the_shortest_minimum() {
        for entry in entries() {
            assert_eq!(entry, entry.to_lowercase());
            assert!(entry.chars().count() >= 8, "{entry}");
        }
    }

    #[test]
    fn separators_and_digits_at_the_end_do_not_hide_a_common_password() {
        for common in [
            "correcthorsebatterystaple",
            "correct horse battery staple",
            "correct-horse-battery-staple1!",
            "thisismypassword2027",
        ] {
            assert!(is_common(common), "{common}");
        }
        assert!(!is_common("correcthorsebatterystable"));
        assert!(!is_common(""));
    }
}
