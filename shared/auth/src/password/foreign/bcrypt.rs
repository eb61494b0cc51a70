//! bcrypt (`$2a$`, `$2b$`, `$2y$`), and the ways to digest a password before hashing it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::super::cost::{Cost, nanos};
use super::HashError;
use super::encoding::{fields, number, pairs, to_hex};

/// A bcrypt hash.
#[derive(Clone)]
pub(in crate::password) struct BcryptHash {
    cost: u32,
    salt: [u8; 16],
    output: [u8; 23],
    input: Input,
}

/// The input of bcrypt.
#[derive(Clone)]
enum Input {
    /// The first 72 bytes of the password.
    Plain,
    /// Django's `bcrypt_sha256`: the SHA-256 in hexadecimal.
    Hexadecimal,
    /// passlib's first `bcrypt_sha256`: the SHA-256 in base64.
    Base64,
    /// passlib's second: HMAC-SHA-256 in base64, with the salt's text as the key.
    Keyed(String),
    /// `WordPress`: HMAC-SHA-384 in base64, with a key that is always the same.
    WordPress,
}

impl BcryptHash {
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashError>> {
        if let Some(rest) = text.strip_prefix("bcrypt_sha256$") {
            Some(Self::modular(rest, Input::Hexadecimal))
        } else if let Some(rest) = text.strip_prefix("bcrypt$") {
            Some(Self::modular(rest, Input::Plain))
        } else if let Some(rest) = text.strip_prefix("$wp") {
            Some(Self::modular(rest, Input::WordPress))
        } else if let Some(rest) = text.strip_prefix("$bcrypt-sha256$") {
            Some(Self::passlib(rest))
        } else if text.starts_with("$2") {
            Some(Self::modular(text, Input::Plain))
        } else {
            None
        }
    }

    /// `$2b$12$` and 53 characters.
    fn modular(text: &str, input: Input) -> Result<Self, HashError> {
        let ["", version, cost, rest] = fields(text, '$')? else {
            return Err(HashError::Malformed);
        };
        // Two digits: with a leading zero below ten.
        let (2, Ok(cost)) = (cost.len(), number(cost.strip_prefix('0').unwrap_or(cost))) else {
            return Err(HashError::Malformed);
        };
        let (salt, output) = rest
            .split_at_checked(SALT_LENGTH)
            .ok_or(HashError::Malformed)?;
        Self::new(version, cost, (salt, output), input)
    }

    /// `2a,12$SALT$HASH`, and since passlib 1.7.3 `v=2,t=2b,r=12$SALT$HASH`.
    fn passlib(rest: &str) -> Result<Self, HashError> {
        let [params, salt, output] = fields(rest, '$')?;
        let (version, cost, input) = match fields(params, ',') {
            Ok([version, cost]) => (version, cost, Input::Base64),
            Err(_) => match pairs(params, ["v", "t", "r"])? {
                [Some("2"), Some(version), Some(cost)] => {
                    (version, cost, Input::Keyed(salt.to_owned()))
                }
                _ => return Err(HashError::Malformed),
            },
        };
        Self::new(version, number(cost)?, (salt, output), input)
    }

    fn new(
        version: &str,
        cost: u32,
        (salt, output): (&str, &str),
        input: Input,
    ) -> Result<Self, HashError> {
        if !VERSIONS.contains(&version) || salt.len() != SALT_LENGTH || cost < 4 {
            return Err(HashError::Malformed);
        }
        // Old libraries left stray bits after the end of a salt; passlib ignores them.
        let lenient = GeneralPurposeConfig::new()
            .with_encode_padding(false)
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone);
        let engine = GeneralPurpose::new(&BCRYPT, lenient);
        let decode = |text| engine.decode(text).map_err(|_| HashError::Malformed);
        Ok(Self {
            cost,
            salt: decode(salt)?.try_into().map_err(|_| HashError::Malformed)?,
            output: decode(output)?
                .try_into()
                .map_err(|_| HashError::Malformed)?,
            input,
        })
    }

    pub(super) fn cost(&self) -> Cost {
        let rounds = 1_u64.checked_shl(self.cost).unwrap_or(u64::MAX);
        Cost::new(STATE, nanos(rounds, ROUND))
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let keyed = |algorithm, key: &[u8]| {
            let key = hmac::Key::new(algorithm, key);
            Zeroizing::new(STANDARD.encode(hmac::sign(&key, password)))
        };
        match &self.input {
            Input::Plain => self.verify(password),
            Input::Hexadecimal => {
                self.verify(to_hex(digest(&SHA256, password).as_ref()).as_bytes())
            }
            Input::Base64 => {
                let text = Zeroizing::new(STANDARD.encode(digest(&SHA256, password)));
                self.verify(text.as_bytes())
            }
            Input::Keyed(salt) => self.verify(keyed(hmac::HMAC_SHA256, salt.as_bytes()).as_bytes()),
            Input::WordPress => self.verify(keyed(hmac::HMAC_SHA384, b"wp-sha384").as_bytes()),
        }
    }

    /// bcrypt repeats the password and a NUL until it has 72 bytes, and ignores the rest.
    /// So a password of 72 bytes or more may be the beginning of a longer one.
    pub(super) fn proves_all_of(&self, password: &[u8]) -> bool {
        !matches!(self.input, Input::Plain) || password.len() < MAX_BYTES
    }

    pub(super) fn describe(&self) -> String {
        let digested = match self.input {
            Input::Plain => "bcrypt",
            Input::Hexadecimal | Input::Base64 => "bcrypt of SHA-256",
            Input::Keyed(_) => "bcrypt of HMAC-SHA-256",
            Input::WordPress => "bcrypt of HMAC-SHA-384",
        };
        format!("{digested}, cost {}", self.cost)
    }

    fn verify(&self, password: &[u8]) -> bool {
        let mut input = Zeroizing::new([0; MAX_BYTES]);
        let used = (password.len() + 1).min(MAX_BYTES);
        for (to, from) in input.iter_mut().zip(password) {
            *to = *from;
        }
        let (input, _) = input.split_at(used);
        let computed = Zeroizing::new(bcrypt::bcrypt(self.cost, self.salt, input));
        let computed = computed.split_last().map(|(_, computed)| computed);
        verify_slices_are_equal(computed.unwrap_or_default(), &self.output).is_ok()
    }
}

const VERSIONS: [&str; 3] = ["2a", "2b", "2y"];
/// The length of a salt in characters.
const SALT_LENGTH: usize = 22;
/// How many bytes of its input bcrypt uses.
const MAX_BYTES: usize = 72;
/// How long a round takes, in nanoseconds.
const ROUND: u64 = 120_000;
/// The state of Blowfish, in bytes.
const STATE: u64 = 4168;
