//! scrypt: in PHC (passlib's too), Werkzeug's and Django's form.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use scrypt::Params;
use zeroize::Zeroizing;

use super::HashError;
use super::encoding::{base64, hex, number, output};

/// A scrypt hash within our limits of memory and work.
#[derive(Clone)]
pub(in crate::password) struct ScryptHash {
    params: Params,
    described: String,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl ScryptHash {
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashError>> {
        if let Some(rest) = text.strip_prefix("$scrypt$") {
            Some(phc(rest))
        } else if let Some(rest) = text.strip_prefix("scrypt:") {
            Some(werkzeug(rest))
        } else {
            text.strip_prefix("scrypt$").map(django)
        }
    }

    fn new(
        log_n: u32,
        (r, p): (u32, u32),
        salt: Vec<u8>,
        bytes: Vec<u8>,
    ) -> Result<Self, HashError> {
        if !(1..32).contains(&log_n) {
            return Err(HashError::Hostile);
        }
        let memory = (128_u64 << log_n).saturating_mul(r.into());
        if memory > MAX_MEMORY || memory.saturating_mul(p.into()) > MAX_WORK {
            return Err(HashError::Hostile);
        }
        let log_n = u8::try_from(log_n).map_err(|_| HashError::Hostile)?;
        Ok(Self {
            params: Params::new(log_n, r, p).map_err(|_| HashError::Malformed)?,
            described: format!("scrypt, N = 2^{log_n}, r = {r}, p = {p}"),
            salt,
            output: bytes,
        })
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        let mut computed = Zeroizing::new(vec![0; self.output.len()]);
        scrypt::scrypt(password, &self.salt, &self.params, &mut computed)
            .map_err(|_| HashError::Malformed)?;
        Ok(verify_slices_are_equal(&computed, &self.output).is_ok())
    }

    pub(super) fn describe(&self) -> String {
        self.described.clone()
    }
}

/// `ln=15,r=8,p=1$SALT$HASH`.
fn phc(rest: &str) -> Result<ScryptHash, HashError> {
    let [params, salt, hash] = fields(rest, '$')?;
    let [log_n, r, p] = fields(params, ',')?;
    let of = |field: &str, name: &str| {
        let value = field.strip_prefix(name).ok_or(HashError::Malformed);
        value.and_then(number)
    };
    let (log_n, r, p) = (of(log_n, "ln=")?, of(r, "r=")?, of(p, "p=")?);
    ScryptHash::new(
        log_n,
        (r, p),
        base64(salt)?,
        output(base64(hash)?, PHC_BYTES)?,
    )
}

/// `32768:8:1$SALT$HEX`.
fn werkzeug(rest: &str) -> Result<ScryptHash, HashError> {
    let [params, salt, hash] = fields(rest, '$')?;
    let [n, r, p] = fields(params, ':')?;
    let costs = (number(r)?, number(p)?);
    ScryptHash::new(
        log2(number(n)?)?,
        costs,
        salt.into(),
        output(hex(hash)?, BYTES)?,
    )
}

/// `16384$SALT$8$5$BASE64`.
fn django(rest: &str) -> Result<ScryptHash, HashError> {
    let [n, salt, r, p, hash] = fields(rest, '$')?;
    let costs = (number(r)?, number(p)?);
    ScryptHash::new(
        log2(number(n)?)?,
        costs,
        salt.into(),
        output(base64(hash)?, BYTES)?,
    )
}

fn fields<const N: usize>(text: &str, separator: char) -> Result<[&str; N], HashError> {
    let fields: Vec<&str> = text.split(separator).collect();
    fields.try_into().map_err(|_| HashError::Malformed)
}

/// `N` is a power of two above 1 (RFC 7914 section 2).
fn log2(n: u32) -> Result<u32, HashError> {
    if n.is_power_of_two() && n > 1 {
        Ok(n.ilog2())
    } else {
        Err(HashError::Malformed)
    }
}

/// Bytes of memory that a hash may take, as an Argon2 hash may.
const MAX_MEMORY: u64 = 256 << 20;
/// Bytes that it may fill, all its lanes one after the other: some seconds.
const MAX_WORK: u64 = 1 << 30;
/// What Werkzeug and Django take of scrypt's output.
const BYTES: usize = 64;
/// What passlib and the makers of PHC strings take.
const PHC_BYTES: usize = 32;
