//! Settings of registration and of password hashing.

use super::environment::{ConfigError, Environment};

/// Whether registration is open, and how short a password may be.
#[derive(Debug, Clone, Copy)]
pub struct RegistrationSettings {
    /// `REGISTRATION`: true if it is `open`.
    pub open: bool,
    /// `PASSWORD_MIN_LENGTH`, in Unicode code points.
    pub password_min_length: usize,
}

/// Code points. Shorter passwords can be guessed from a stolen table.
const PASSWORD_MIN_LENGTH: u32 = 15;

impl RegistrationSettings {
    /// Reads `REGISTRATION` and `PASSWORD_MIN_LENGTH`.
    ///
    /// # Errors
    /// If a setting is invalid; the message names it.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let open = match environment.text("REGISTRATION") {
            None | Some("open") => true,
            Some("closed") => false,
            Some(_) => return Err(ConfigError::invalid("REGISTRATION", "`open` or `closed`")),
        };
        let shortest = environment.number("PASSWORD_MIN_LENGTH", PASSWORD_MIN_LENGTH, 8..=64)?;
        Ok(Self {
            open,
            password_min_length: usize::try_from(shortest).unwrap_or(usize::MAX),
        })
    }
}

/// How many attempts one address has.
#[derive(Debug, Clone, Copy)]
pub struct GuessSettings {
    /// `ADDRESS_ATTEMPTS_PER_HOUR`: wrong passwords, registrations and password resets.
    pub address_attempts_per_hour: u32,
}

/// Attempts. More let one address try more accounts; fewer block a classroom.
const ADDRESS_ATTEMPTS: u32 = 300;

impl GuessSettings {
    /// Reads `ADDRESS_ATTEMPTS_PER_HOUR`.
    ///
    /// # Errors
    /// If it is out of bounds; the message names it.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let name = "ADDRESS_ATTEMPTS_PER_HOUR";
        let attempts = environment.number(name, ADDRESS_ATTEMPTS, 1..=1_000_000)?;
        Ok(Self {
            address_attempts_per_hour: attempts,
        })
    }
}

/// How many mails one address may ask for without a proof of the account.
#[derive(Debug, Clone, Copy)]
pub struct MailRequestSettings {
    /// `ADDRESS_MAILS_PER_HOUR`: forgotten passwords.
    pub address_mails_per_hour: u32,
}

/// Mails. More let one address fill the outbox; fewer block a classroom.
const ADDRESS_MAILS: u32 = 30;

impl MailRequestSettings {
    /// Reads `ADDRESS_MAILS_PER_HOUR`.
    ///
    /// # Errors
    /// If it is out of bounds; the message names it.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let name = "ADDRESS_MAILS_PER_HOUR";
        let mails = environment.number(name, ADDRESS_MAILS, 1..=100_000)?;
        Ok(Self {
            address_mails_per_hour: mails,
        })
    }
}

/// Whether new passwords are looked up in a public list of stolen ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachSettings {
    /// `PWNED_PASSWORDS_URL`: the list, such as `https://api.pwnedpasswords.com`; nothing
    /// if `PWNED_PASSWORDS` is `off`.
    pub url: Option<String>,
    /// `PWNED_PASSWORDS`: whether a password is accepted while the list is unavailable.
    pub fails_open: bool,
}

/// The list of Have I Been Pwned.
const PWNED_PASSWORDS: &str = "https://api.pwnedpasswords.com";

impl BreachSettings {
    /// Reads `PWNED_PASSWORDS` and `PWNED_PASSWORDS_URL`.
    ///
    /// # Errors
    /// If a setting is invalid or has no effect; the message names it.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let name = "PWNED_PASSWORDS";
        let url = environment.text("PWNED_PASSWORDS_URL");
        let fails_open = match environment.text(name) {
            None | Some("off") if url.is_none_or(|url| url == PWNED_PASSWORDS) => {
                let (url, fails_open) = (None, true);
                return Ok(Self { url, fails_open });
            }
            None | Some("off") => {
                return Err(ConfigError::invalid(
                    "PWNED_PASSWORDS_URL",
                    format!(
                        "{PWNED_PASSWORDS} while PWNED_PASSWORDS is `off`: it would have no effect"
                    ),
                ));
            }
            Some("fail_open") => true,
            Some("fail_closed") => false,
            Some(_) => {
                return Err(ConfigError::invalid(
                    name,
                    "`off`, `fail_open` or `fail_closed`",
                ));
            }
        };
        let url = Some(url.unwrap_or(PWNED_PASSWORDS).to_owned());
        Ok(Self { url, fails_open })
    }
}

/// The cost of an Argon2id hash, and how many run at a time.
#[derive(Debug, Clone, Copy)]
pub struct HashSettings {
    /// `ARGON2_MEMORY_KIB`: `m`, in KiB.
    pub memory_kib: u32,
    /// `ARGON2_ITERATIONS`: `t`.
    pub iterations: u32,
    /// Hashes at a time: one per whole processor of the function, and at least one. More
    /// would only slow each of them down.
    pub permits: usize,
}

/// KiB. Less memory makes guessing from a stolen table faster (OWASP: m=19456, t=2).
const MEMORY_KIB: u32 = 19_456;
/// Passes. Fewer make guessing faster, too.
const ITERATIONS: u32 = 2;
/// Lambda provides one whole processor per 1,769 MB of memory.
const MIB_PER_PROCESSOR: u32 = 1769;

impl HashSettings {
    /// Reads `ARGON2_MEMORY_KIB`, `ARGON2_ITERATIONS` and the function's memory.
    ///
    /// # Errors
    /// If a setting is invalid; the message names it. `Argon2Params` checks that the two
    /// together are strong enough.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let memory_mib = environment.number(
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            MIB_PER_PROCESSOR,
            1..=u32::MAX,
        )?;
        let processors = usize::try_from(memory_mib / MIB_PER_PROCESSOR).unwrap_or(1);
        Ok(Self {
            memory_kib: environment.number("ARGON2_MEMORY_KIB", MEMORY_KIB, 7168..=262_144)?,
            iterations: environment.number("ARGON2_ITERATIONS", ITERATIONS, 1..=16)?,
            permits: processors.max(1),
        })
    }
}
