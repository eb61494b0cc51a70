//! A certificate authority for one run, and a certificate for `localhost`, from `openssl`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};

/// Where the certificates are.
#[derive(Debug)]
pub(crate) struct Authority {
    directory: PathBuf,
    /// The certificate of the authority, for whoever has the others built in.
    pub(crate) certificate: PathBuf,
    /// The same and those of the system: a function on Lambda reads as many.
    pub(crate) bundle: PathBuf,
}

impl Authority {
    /// Creates an authority and a certificate for `localhost` in a directory.
    pub(crate) fn create(directory: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(directory)?;
        fs::write(directory.join("extensions"), EXTENSIONS)?;
        for arguments in COMMANDS {
            let output = Command::new("openssl")
                .args(arguments.split_whitespace())
                .current_dir(directory)
                .output()
                .context("openssl could not be started")?;
            let message = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "openssl failed: {message}");
        }
        let certificate = directory.join("ca.pem");
        let bundle = directory.join("bundle.pem");
        let mut all = fs::read(&certificate)?;
        if let Some(system) = SYSTEM_BUNDLES.iter().find_map(|path| fs::read(path).ok()) {
            all.extend_from_slice(&system);
        }
        fs::write(&bundle, all)?;
        Ok(Self {
            directory: directory.to_owned(),
            certificate,
            bundle,
        })
    }

    /// Returns the configuration of a server with the certificate for `localhost`.
    pub(crate) fn server(&self) -> anyhow::Result<Arc<ServerConfig>> {
        let chain = CertificateDer::from_pem_file(self.directory.join("localhost.pem"))?;
        let key = PrivateKeyDer::from_pem_file(self.directory.join("localhost.key"))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)?;
        Ok(Arc::new(config))
    }
}

const EXTENSIONS: &str = "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n\
                          extendedKeyUsage=serverAuth\n";

const COMMANDS: [&str; 3] = [
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj /CN=gatehouse-bench \
     -keyout ca.key -out ca.pem",
    "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
     -keyout localhost.key -out localhost.csr",
    "x509 -req -in localhost.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 7 \
     -extfile extensions -out localhost.pem",
];

/// Debian and Alpine, Amazon Linux and Fedora.
const SYSTEM_BUNDLES: [&str; 2] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];
