//! A bare Argon2id hash per event: what a login cannot go below.
//!
//! This program itself is the subject: it starts itself with [`ARGUMENT`].

use std::io::Write;
use std::net::TcpStream;

use anyhow::{Context, anyhow};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::http::Reader;

/// Makes this program serve events instead of measuring.
pub(crate) const ARGUMENT: &str = "--serve-hashes";

/// A part of every response.
pub(crate) const RESPONSE: &str = "hashed";

/// Serves events until the Runtime API is gone.
///
/// # Errors
/// If it cannot be reached.
#[expect(
    clippy::disallowed_methods,
    reason = "Lambda's variable, read once by this program in place of a function"
)]
pub(crate) fn serve() -> anyhow::Result<()> {
    let address = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut responses = Reader::new(stream.try_clone()?);
    let (memory_kib, iterations) = COST;
    let params = Params::new(memory_kib, iterations, 1, Some(OUTPUT_BYTES));
    let params = params.map_err(|error| anyhow!("invalid parameters: {error}"))?;
    // Touched, so that no event waits for the system to provide it.
    let mut memory = vec![Block::new(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut output = [0; OUTPUT_BYTES];
    loop {
        stream.write_all(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n")?;
        responses.next()?.context("the Runtime API is gone")?;
        argon2
            .hash_password_into_with_memory(PASSWORD, SALT, &mut output, &mut memory)
            .map_err(|error| anyhow!("no hash: {error}"))?;
        let length = RESPONSE.len();
        write!(
            stream,
            "POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\n\
             Content-Length: {length}\r\n\r\n{RESPONSE}"
        )?;
        responses.next()?.context("the Runtime API is gone")?;
    }
}

/// KiB and passes: the defaults of `login`, and those of the fixture's user.
const COST: (u32, u32) = (19_456, 2);
const OUTPUT_BYTES: usize = 32;
const PASSWORD: &[u8] = b"seven quiet otters at dawn";
const SALT: &[u8] = b"gatehouse-bench-";
