//! Asks whether a password is in a list of stolen passwords.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::Password;

/// The SHA-1 of a password in two parts: a prefix that is sent, and the rest, which is not.
///
/// The list requires SHA-1. It only identifies a password there and protects nothing here.
#[derive(Debug)]
pub struct BreachQuery {
    prefix: String,
    suffix: SecretString,
}

impl Password {
    /// Returns the query for this password.
    #[must_use]
    pub fn breach_query(&self) -> BreachQuery {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, self.expose().as_bytes());
        let hex = digest.as_ref().iter().map(|byte| format!("{byte:02X}"));
        let hex = Zeroizing::new(hex.collect::<String>());
        let (prefix, suffix) = hex.split_at_checked(PREFIX_DIGITS).unwrap_or_default();
        BreachQuery {
            prefix: prefix.to_owned(),
            suffix: SecretString::from(suffix),
        }
    }
}

impl BreachQuery {
    /// Returns the five hexadecimal digits that are sent to the list.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// True if the list's response contains the password. Each line has 35 digits, a colon
    /// and a count; a count of 0 is padding.
    #[must_use]
    pub fn is_in(&self, range: &str) -> bool {
        range.lines().any(|line| {
            let Some((suffix, count)) = line.trim_end().split_once(':') else {
                return false;
            };
            suffix.eq_ignore_ascii_case(self.suffix.expose_secret())
                && count.trim().parse::<u64>().is_ok_and(|count| count > 0)
        })
    }
}

/// How many digits are sent. With each further digit, sixteen times fewer passwords share
/// the prefix.
const PREFIX_DIGITS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_sends_five_digits_and_prints_no_others() {
        let query = Password::parse("password").unwrap().breach_query();
        assert_eq!(query.prefix(), "5BAA6");
        assert!(!format!("{query:?}").contains("1E4C9"), "{query:?}");
    }

    #[test]
    fn a_line_counts_if_all_its_digits_match_and_its_count_is_not_zero() {
        let query = Password::parse("password").unwrap().breach_query();
        let suffix = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
        for (range, expected) in [
            (format!("{suffix}:1"), true),
            (format!("x\r\n{}:9\r\n", suffix.to_lowercase()), true),
            (format!("{suffix}:0"), false),
            (suffix.to_owned(), false),
            (format!("{suffix}:many"), false),
            (format!("{}:1", &suffix[..34]), false),
            (String::new(), false),
        ] {
            assert_eq!(query.is_in(&range), expected, "{range}");
        }
    }
}
