//! Which passwords may be chosen: by length and by how easily they are guessed.
//! No composition rules (NIST SP 800-63B-4 section 3.1.1.2).

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
    /// Why; never empty.
    pub reasons: Vec<WeakReason>,
    /// Sentences on how to find a better one.
    pub suggestions: Vec<String>,
}

/// Why a password may not be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeakReason {
    /// Fewer code points than the minimum, which is given.
    TooShort(usize),
    /// It is on a list of common passwords.
    Common,
    /// It holds the username, and what is left without it is too short or weak.
    HoldsUsername,
    /// The same of the part of the e-mail address before the `@`.
    HoldsEmail,
    /// It is in a public list of stolen passwords.
    Stolen,
    /// The strength estimate says that it is guessed easily, and perhaps why.
    Guessable(Option<String>),
}

impl PasswordPolicy {
    /// Makes a policy with a minimum length in Unicode code points, 8 at least.
    #[must_use]
    pub fn new(min_length: usize) -> Self {
        let min_length = min_length.max(LEAST_MIN_LENGTH);
        Self { min_length }
    }

    /// Judges the password of a person with these names.
    ///
    /// A name in a password adds nothing: whoever guesses knows it. So what is left
    /// without the names must be long and strong enough by itself ("anna" may well
    /// be in "savanna grassland evening").
    ///
    /// Takes a millisecond, a fifth of a second for what was made to take long.
    ///
    /// # Errors
    /// [`WeakPassword`] with every reason against it.
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
            (Some(username.canonical()), WeakReason::HoldsUsername),
            (local_part, WeakReason::HoldsEmail),
        ];
        let mut held = Vec::new();
        for (name, reason) in names {
            if let Some(name) = name.filter(|name| holds(&folded, name)) {
                held.push(name);
                reasons.push(reason);
            }
        }
        if !held.is_empty() && self.is_strong(&without(&folded, &mut held), &known) {
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
    /// Says that a password is in a public list of stolen ones.
    #[must_use]
    pub fn stolen() -> Self {
        Self {
            reasons: vec![WeakReason::Stolen],
            suggestions: vec!["Choose a password that you use nowhere else.".to_owned()],
        }
    }
}

impl WeakReason {
    /// Returns the stable code that an answer carries.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooShort(_) => "too_short",
            Self::Common => "common",
            Self::HoldsUsername => "holds_username",
            Self::HoldsEmail => "holds_email",
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
            Self::HoldsUsername => {
                "The password contains the username, and the rest of it is too short or easy to guess."
                    .to_owned()
            }
            Self::HoldsEmail => {
                "The password contains the e-mail address, and the rest of it is too short or easy to guess."
                    .to_owned()
            }
            Self::Stolen => "This password is in a public list of stolen passwords.".to_owned(),
            Self::Guessable(Some(warning)) => warning.clone(),
            Self::Guessable(None) => "The password is easy to guess.".to_owned(),
        }
    }
}

/// Lower-cases letter by letter, as usernames are: `str::to_lowercase` would write
/// a final sigma in another way.
fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Estimates how often somebody who knows these words must guess.
fn estimate(password: &str, known: &[&str]) -> Entropy {
    let judged: String = password.chars().take(JUDGED_CODE_POINTS).collect();
    zxcvbn(&Zeroizing::new(judged), known)
}

/// Removes names, the longest first, until none is left: taking one out of
/// "ananna" plus "na" would put another together.
fn without(folded: &str, names: &mut [&str]) -> Zeroizing<String> {
    names.sort_unstable_by_key(|name| Reverse(name.len()));
    let mut rest = Zeroizing::new(folded.to_owned());
    while let Some(name) = names.iter().find(|name| rest.contains(**name)) {
        rest = Zeroizing::new(rest.replace(name, ""));
    }
    rest
}

/// True if a name of some length stands in the password. Names of three letters
/// stand in ordinary words; there the estimate, which knows them, decides.
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

/// Shorter passwords fall to guessing from a stolen table whatever their letters
/// (NIST SP 800-63B-4 section 3.1.1.2), so no setting goes below.
const LEAST_MIN_LENGTH: usize = 8;
/// Shortest name without which a password is judged.
const LEAST_HELD_LENGTH: usize = 4;
/// Fewer estimated guesses are few for whoever stole the table. This is the line that
/// zxcvbn draws below "safely unguessable", and what 8 random characters are to it.
const LEAST_GUESSES: u64 = 100_000_000;
/// The estimate sees so many code points and no more: its time grows with more than
/// the square of the length, and 100 chosen ones take it a second. What is strong
/// so far is strong as a whole; what is weak so far is refused whatever follows.
const JUDGED_CODE_POINTS: usize = 32;
/// Everybody who attacks this service tries its name.
const PRODUCT: &str = "gatehouse";

#[cfg(test)]
mod tests;
