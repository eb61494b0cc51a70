//! Firebase's own scrypt: the scrypt output encrypts the project's signer key.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

use super::super::cost::Cost;
use super::HashError;
use super::encoding::{SALT, base64, fields, number, pairs, within};
use super::scrypt::ScryptCost;

/// A Firebase hash with the project's parameters.
#[derive(Clone)]
pub(in crate::password) struct FirebaseHash {
    cost: ScryptCost,
    salt: Vec<u8>,
    signer_key: Zeroizing<Vec<u8>>,
    output: Vec<u8>,
}

impl FirebaseHash {
    /// Parses the format of Supabase,
    /// `$fbscrypt$v=1,n=14,r=8,p=1,ss=SEPARATOR,sk=SIGNER_KEY$SALT$HASH`, and that of Ory,
    /// `$firescrypt$ln=14,r=8,p=1$SALT$HASH$SEPARATOR$SIGNER_KEY`; values in base64.
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashError>> {
        if let Some(rest) = text.strip_prefix("$fbscrypt$") {
            Some(Self::supabase(rest))
        } else {
            text.strip_prefix("$firescrypt$").map(Self::ory)
        }
    }

    fn supabase(rest: &str) -> Result<Self, HashError> {
        let [params, salt, hash] = fields(rest, '$')?;
        match pairs(params, ["v", "n", "r", "p", "ss", "sk"])? {
            [
                Some("1"),
                Some(n),
                Some(r),
                Some(p),
                Some(separator),
                Some(key),
            ] => Self::new([n, r, p], (salt, separator), key, hash),
            _ => Err(HashError::Malformed),
        }
    }

    fn ory(rest: &str) -> Result<Self, HashError> {
        let [params, salt, hash, separator, key] = fields(rest, '$')?;
        match pairs(params, ["ln", "r", "p"])? {
            [Some(n), Some(r), Some(p)] => Self::new([n, r, p], (salt, separator), key, hash),
            _ => Err(HashError::Malformed),
        }
    }

    fn new(
        [log_n, r, p]: [&str; 3],
        (salt, separator): (&str, &str),
        signer_key: &str,
        hash: &str,
    ) -> Result<Self, HashError> {
        let mut salt = base64(salt)?;
        salt.extend(base64(separator)?);
        let signer_key = within(base64(signer_key)?, KEY)?;
        let output = base64(hash)?;
        if output.len() != signer_key.len() {
            return Err(HashError::Malformed);
        }
        Ok(Self {
            cost: ScryptCost::new(number(log_n)?, number(r)?, number(p)?)?,
            salt: within(salt, SALT)?,
            signer_key: signer_key.into(),
            output,
        })
    }

    pub(super) fn cost(&self) -> Cost {
        self.cost.cost()
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        let mut derived = self.cost.derive(password, &self.salt, DERIVED_BYTES)?;
        derived.truncate(KEY_BYTES);
        let key = UnboundCipherKey::new(&AES_256, &derived).and_then(EncryptingKey::ctr);
        let mut computed = self.signer_key.clone();
        // Each password has its own key, so the counter can always start at zero.
        let zero = EncryptionContext::Iv128(FixedLength::from([0; 16]));
        key.and_then(|key| key.less_safe_encrypt(&mut computed, zero))
            .map_err(|_| HashError::Malformed)?;
        Ok(verify_slices_are_equal(&computed, &self.output).is_ok())
    }

    pub(super) fn describe(&self) -> String {
        format!("Firebase {}", self.cost.describe())
    }
}

/// How many bytes of scrypt's output Firebase uses; the first 32 are the AES-256 key.
const DERIVED_BYTES: usize = 64;
const KEY_BYTES: usize = 32;
/// The length of a signer key in bytes, and so of a hash; Firebase's has 64.
const KEY: std::ops::RangeInclusive<usize> = 16..=128;
