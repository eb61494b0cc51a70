//! What a stack is started with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::log::LogTarget;

/// How to start a stack. The default is one for a test: any port, tables in memory.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The template.
    pub template: PathBuf,
    /// Where the functions' binaries are, each by the last component of its `CodeUri`.
    pub bin_dir: PathBuf,
    /// The gateway's port; 0 is any free one.
    pub port: u16,
    /// DynamoDB's port; 0 is any free one.
    pub dynamodb_port: u16,
    /// Where tables and key ring are kept; without it tables live in memory.
    pub data_dir: Option<PathBuf>,
    /// Where the key ring's file is made when there is no `data_dir`.
    pub work_dir: PathBuf,
    /// Parameters of the template, over its defaults.
    pub parameters: BTreeMap<String, String>,
    /// Environment of every function, over the template's.
    pub environment: BTreeMap<String, String>,
    /// How many processes a function may have at once.
    pub concurrency: usize,
    /// Whether processes are stopped between events, as Lambda does.
    pub freeze: bool,
    /// Functions run elsewhere, behind this invoke endpoint (`http://127.0.0.1:9000`).
    pub remote: Option<String>,
    /// Where the functions' lines go.
    pub log: LogTarget,
}

impl Default for StackOptions {
    fn default() -> Self {
        Self {
            template: PathBuf::from("infra/template.yaml"),
            bin_dir: PathBuf::from("target/debug"),
            port: 0,
            dynamodb_port: 0,
            data_dir: None,
            work_dir: PathBuf::from(".gatehouse"),
            parameters: BTreeMap::new(),
            environment: BTreeMap::new(),
            concurrency: 10,
            freeze: false,
            remote: None,
            log: LogTarget::Buffer,
        }
    }
}
