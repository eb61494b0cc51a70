//! scrypt: in PHC (passlib's too), Werkzeug's and Django's form.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use scrypt::Params;
use zeroize::Zeroizing;

use super::super::cost::{Cost, nanos};
use super::HashError;
use super::encoding::{OUTPUT, SALT, base64, fields, hex, number, pairs, within};

/// A scrypt hash.
#[derive(Clone)]
pub(in crate::password) struct ScryptHash {
    cost: ScryptCost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

/// N, r and p.
#[derive(Clone, Copy)]
pub(super) struct ScryptCost {
    log_n: u32,
    r: u32,
    p: u32,
}

impl ScryptCost {
    pub(super) fn new(log_n: u32, r: u32, p: u32) -> Result<Self, HashError> {
        // N is above 1 and below 2^(16 r) (RFC 7914 section 2).
        if log_n == 0 || p == 0 || log_n >= r.saturating_mul(16) {
            return Err(HashError::Malformed);
        }
        Ok(Self { log_n, r, p })
    }

    /// The memory is N blocks of 128 r bytes, one for each of the p lanes, and one to mix
    /// in. Each lane writes and reads the N blocks once. Before and after that, PBKDF2
    /// creates and reads the lanes, for up to 128 bytes of output.
    pub(super) fn cost(self) -> Cost {
        let n = 1_u64.checked_shl(self.log_n).unwrap_or(u64::MAX);
        let (r, p) = (u64::from(self.r), u64::from(self.p));
        let memory = n.saturating_add(p + 1).saturating_mul(128 * r);
        let mixed = n.saturating_mul(4 * r).saturating_mul(p);
        let digested = (24 * r).saturating_mul(p);
        let time = nanos(mixed, SALSA_BLOCK).saturating_add(nanos(digested, SHA256_BLOCK));
        Cost::new(memory, time)
    }

    fn params(self) -> Result<Params, HashError> {
        let log_n = u8::try_from(self.log_n).map_err(|_| HashError::Malformed)?;
        Params::new(log_n, self.r, self.p).map_err(|_| HashError::Malformed)
    }

    pub(super) fn derive(
        self,
        password: &[u8],
        salt: &[u8],
        length: usize,
    ) -> Result<Zeroizing<Vec<u8>>, HashError> {
        let mut derived = Zeroizing::new(vec![0; length]);
        scrypt::scrypt(password, salt, &self.params()?, &mut derived)
            .map_err(|_| HashError::Malformed)?;
        Ok(derived)
    }

    pub(super) fn describe(self) -> String {
        let Self { log_n, r, p } = self;
        format!("scrypt, N = 2^{log_n}, r = {r}, p = {p}")
    }
}

impl ScryptHash {
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashError>> {
        if let Some(rest) = text.strip_prefix("$scrypt$") {
            Some(Self::phc(rest))
        } else if let Some(rest) = text.strip_prefix("scrypt:") {
            Some(Self::werkzeug(rest))
        } else {
            text.strip_prefix("scrypt$").map(Self::django)
        }
    }

    /// `ln=15,r=8,p=1$SALT$HASH`. Ory writes N itself as `ln`.
    fn phc(rest: &str) -> Result<Self, HashError> {
        let [params, salt, hash] = fields(rest, '$')?;
        let [Some(ln), Some(r), Some(p)] = pairs(params, ["ln", "r", "p"])? else {
            return Err(HashError::Malformed);
        };
        let ln = number(ln)?;
        let log_n = if ln.is_power_of_two() && ln >= 64 {
            ln.ilog2()
        } else {
            ln
        };
        let cost = ScryptCost::new(log_n, number(r)?, number(p)?)?;
        Self::new(cost, base64(salt)?, base64(hash)?)
    }

    /// `32768:8:1$SALT$HEX`.
    fn werkzeug(rest: &str) -> Result<Self, HashError> {
        let [params, salt, hash] = fields(rest, '$')?;
        let [n, r, p] = fields(params, ':')?;
        let cost = ScryptCost::new(log2(number(n)?)?, number(r)?, number(p)?)?;
        Self::new(cost, salt.into(), hex(hash)?)
    }

    /// `16384$SALT$8$5$BASE64`.
    fn django(rest: &str) -> Result<Self, HashError> {
        let [n, salt, r, p, hash] = fields(rest, '$')?;
        let cost = ScryptCost::new(log2(number(n)?)?, number(r)?, number(p)?)?;
        Self::new(cost, salt.into(), base64(hash)?)
    }

    fn new(cost: ScryptCost, salt: Vec<u8>, output: Vec<u8>) -> Result<Self, HashError> {
        Ok(Self {
            cost,
            salt: within(salt, SALT)?,
            output: within(output, OUTPUT)?,
        })
    }

    pub(super) fn cost(&self) -> Cost {
        self.cost.cost()
    }

    pub(super) fn matches(&self, password: &[u8]) -> Result<bool, HashError> {
        let computed = self.cost.derive(password, &self.salt, self.output.len())?;
        Ok(verify_slices_are_equal(&computed, &self.output).is_ok())
    }

    pub(super) fn describe(&self) -> String {
        self.cost.describe()
    }
}

/// `N` is a power of two above 1 (RFC 7914 section 2).
fn log2(n: u32) -> Result<u32, HashError> {
    if n == u32::MAX {
        // More than 32 bits, which `number` does not return.
        Ok(u32::BITS)
    } else if n.is_power_of_two() && n > 1 {
        Ok(n.ilog2())
    } else {
        Err(HashError::Malformed)
    }
}

/// How long mixing 64 bytes takes, in nanoseconds.
const SALSA_BLOCK: u64 = 150;
/// How long digesting 64 bytes takes, in nanoseconds.
const SHA256_BLOCK: u64 = 300;
