//! Which passwords may be chosen, judged by length and by how easy they are to guess.
//! There are no composition rules (NIST SP 800-63B-4 section 3.1.1.2).

use std::cmp::Reverse;

use zeroize::Zeroizing;
use zxcvbn::feedback::{Feedback, Suggestion, Warning};
use zxcvbn::{Entropy, zxcvbn};

use super::Password;
use super::common::is_common;
use crate::email::EmailAddress;
use crate::username::Username;

/// The rules for a new password.
#[derive(Debug, Clone, Copy)]
pub struct PasswordPolicy {
    min_length: usize,
}

/// A password that may not be chosen, with every reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the password is too weak")]
pub struct WeakPassword {
    /// The reasons; never empty.
    pub reasons: Vec<WeakReason>,
    /// Sentences that suggest how to choose a better one.
    pub suggestions: Vec<String>,
}

/// Why a password may not be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeakReason {
    /// It has fewer code points than this minimum.
    TooShort(usize),
    /// It is on a list of common passwords.
    Common,
    /// It contains the username, and the rest of it is too short or too weak.
    ContainsUsername,
    /// It contains the part of the e-mail address before the `@`, and the rest of it is too
    /// short or too weak.
    ContainsEmail,
    /// It is in a public list of stolen passwords.
    Stolen,
    /// The strength estimate finds it easy to guess, and may say why.
    Guessable(Option<String>),
}

impl PasswordPolicy {
    /// Creates a policy with a minimum length in Unicode code points, at least 8.
    #[must_use]
    pub fn new(min_length: usize) -> Self {
        let min_length = min_length.max(LEAST_MIN_LENGTH);
        Self { min_length }
    }

    /// Judges the password of a user with these names.
    ///
    /// A name adds nothing to a password, because an attacker knows it. So the rest must
    /// be long and strong enough without the names ("anna" may well occur in "savanna
    /// grassland evening").
    ///
    /// Takes a millisecond; a fifth of a second for a password that is made to take long.
    ///
    /// # Errors
    /// [`WeakPassword`] with all reasons.
    pub fn check(
        &self,
        password: &Password,
        username: &Username,
        email: Option<&EmailAddress>,
    ) -> Result<(), WeakPassword> {
        let password = password.expose();
        let folded = Zeroizing::new(fold(password));
        let local_part = email
            .and_then(|email| email.canonical().split_once('@'))
            .map(|(local_part, _)| local_part);
        let mut known = vec![username.canonical(), PRODUCT];
        known.extend(local_part);
        let estimate = estimate(password, &known);
        let guessable = (estimate.guesses() < LEAST_GUESSES).then(|| estimate.feedback());
        let warning = guessable.flatten().and_then(Feedback::warning);

        let mut reasons = Vec::new();
        if password.chars().count() < self.min_length {
            reasons.push(WeakReason::TooShort(self.min_length));
        }
        let names = [
            (Some(username.canonical()), WeakReason::ContainsUsername),
            (local_part, WeakReason::ContainsEmail),
        ];
        let mut contained = Vec::new();
        for (name, reason) in names {
            if let Some(name) = name.filter(|name| holds(&folded, name)) {
                contained.push(name);
                reasons.push(reason);
            }
        }
        if !contained.is_empty() && self.is_strong(&without(&folded, &mut contained), &known) {
            reasons.retain(|reason| matches!(reason, WeakReason::TooShort(_)));
        }
        if is_common(&folded) || warning.is_some_and(says_common) {
            reasons.push(WeakReason::Common);
        } else if guessable.is_some() {
            reasons.push(WeakReason::Guessable(
                warning.map(|warning| warning.to_string()),
            ));
        }
        if reasons.is_empty() {
            return Ok(());
        }
        let feedback = guessable.flatten().map(Feedback::suggestions);
        let suggestions = feedback.unwrap_or(&[Suggestion::AddAnotherWordOrTwo]);
        Err(WeakPassword {
            reasons,
            suggestions: suggestions.iter().map(ToString::to_string).collect(),
        })
    }

    fn is_strong(self, rest: &str, known: &[&str]) -> bool {
        rest.trim().chars().count() >= self.min_length
            && !is_common(rest)
            && estimate(rest, known).guesses() >= LEAST_GUESSES
    }
}

impl WeakPassword {
    /// Returns the error for a password in a public list of stolen passwords.
    #[must_use]
    pub fn stolen() -> Self {
        Self {
            reasons: vec![WeakReason::Stolen],
            suggestions: vec!["Choose a password that you use nowhere else.".to_owned()],
        }
    }
}

impl WeakReason {
    /// Returns the stable code that a response carries.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooShort(_) => "too_short",
            Self::Common => "common",
            Self::ContainsUsername => "holds_username",
            Self::ContainsEmail => "holds_email",
            Self::Stolen => "stolen",
            Self::Guessable(_) => "guessable",
        }
    }

    /// Returns a sentence for people.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::TooShort(min_length) => {
                format!("The password has fewer than {min_length} characters.")
            }
            Self::Common => "This is a common password.".to_owned(),
            Self::ContainsUsername => {
                "The password contains the username, and the rest of it is too short or easy to guess."
                    .to_owned()
            }
            Self::ContainsEmail => {
                "The password contains the e-mail address, and the rest of it is too short or easy to guess."
                    .to_owned()
            }
            Self::Stolen => "This password is in a public list of stolen passwords.".to_owned(),
            Self::Guessable(Some(warning)) => warning.clone(),
            Self::Guessable(None) => "The password is easy to guess.".to_owned(),
        }
    }
}

/// Lower-cases letter by letter, as for usernames: `str::to_lowercase` would turn a final
/// sigma into a different letter.
fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Estimates how many guesses an attacker who knows these words needs.
fn estimate(password: &str, known: &[&str]) -> Entropy {
    let judged: String = password.chars().take(JUDGED_CODE_POINTS).collect();
    zxcvbn(&Zeroizing::new(judged), known)
}

/// Removes names, the longest first, until none is left: removing one can create another,
/// as in "an" + "anna" + "na".
fn without(folded: &str, names: &mut [&str]) -> Zeroizing<String> {
    names.sort_unstable_by_key(|name| Reverse(name.len()));
    let mut rest = Zeroizing::new(folded.to_owned());
    while let Some(name) = names.iter().find(|name| rest.contains(**name)) {
        rest = Zeroizing::new(rest.replace(name, ""));
    }
    rest
}

/// True if a name of some length occurs in the password. Names of three letters occur in
/// ordinary words, so for those the estimate decides, which knows them.
fn holds(folded: &str, name: &str) -> bool {
    name.chars().count() >= LEAST_HELD_LENGTH && folded.contains(name)
}

/// True if the estimate found the password on its own list of common ones.
fn says_common(warning: Warning) -> bool {
    matches!(
        warning,
        Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword
    )
}

/// Shorter passwords can be guessed from a stolen table whatever their characters (NIST
/// SP 800-63B-4 section 3.1.1.2), so no setting can go lower.
const LEAST_MIN_LENGTH: usize = 8;
/// The shortest name that is removed before a password is judged.
const LEAST_HELD_LENGTH: usize = 4;
/// The minimum number of estimated guesses. Fewer are cheap for anyone who has stolen the
/// table. This is zxcvbn's boundary below "safely unguessable", and its estimate for 8
/// random characters.
const LEAST_GUESSES: u64 = 100_000_000;
/// How many code points the estimate sees. Its time grows faster than the square of the
/// length, and 100 malicious ones take a second. If this part is strong, so is the whole;
/// if it is weak, the password is rejected whatever follows.
const JUDGED_CODE_POINTS: usize = 32;
/// Anyone who attacks this service tries its name.
const PRODUCT: &str = "gatehouse";

#[cfg(test)]
mod tests;
