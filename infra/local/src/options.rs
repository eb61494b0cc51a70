//! The options that a stack is started with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::log::LogTarget;

/// How to start a stack. The defaults suit a test: any port, and tables in memory.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The template's file.
    pub template: PathBuf,
    /// The directory of the functions' binaries, each named after the last component
    /// of its `CodeUri`.
    pub bin_dir: PathBuf,
    /// The gateway's port; 0 is any free one.
    pub port: u16,
    /// DynamoDB's port; 0 is any free one.
    pub dynamodb_port: u16,
    /// The directory that keeps the tables and the key ring; without one, the tables
    /// live in memory.
    pub data_dir: Option<PathBuf>,
    /// The directory for the key ring if there is no `data_dir`.
    pub work_dir: PathBuf,
    /// Parameters of the template; they override its defaults.
    pub parameters: BTreeMap<String, String>,
    /// Environment variables of every function; they override the template's.
    pub environment: BTreeMap<String, String>,
    /// How many processes of a function may run at once.
    pub concurrency: usize,
    /// Whether processes are suspended between events, as on Lambda.
    pub freeze: bool,
    /// An invoke endpoint, such as `http://127.0.0.1:9000`, that runs the functions
    /// instead of this stack.
    pub remote: Option<String>,
    /// Where the functions' log lines go.
    pub log: LogTarget,
    /// Called with each line that is logged, for tests that search all of them.
    pub observe: Option<fn(&str)>,
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
            observe: None,
        }
    }
}
