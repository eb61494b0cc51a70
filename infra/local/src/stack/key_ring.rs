//! The key ring of a stack, before its functions start.

use std::path::{Path, PathBuf};

use crate::error::StackError;
use crate::keys;
use crate::options::StackOptions;
use crate::tables::Tables;
use crate::template::Template;

/// Where the keys are.
pub(super) struct KeyRingParts<'a> {
    pub(super) directory: &'a Path,
    pub(super) dynamodb_url: &'a str,
    pub(super) tables: &'a Tables,
}

impl KeyRingParts<'_> {
    /// Reads or creates the key ring, publishes its keys, and returns its file.
    pub(super) async fn prepare(
        &self,
        template: &Template,
        options: &StackOptions,
    ) -> Result<PathBuf, StackError> {
        let file = self.directory.join(keys::FILE);
        let algorithm = template.parameters.get("SigningAlgorithm");
        let algorithm = algorithm.map(String::as_str);
        let ring = keys::prepare(&file, algorithm, options.data_dir.is_none())?;
        if let Some(table) = self.tables.name("SigningKeysTable") {
            keys::publish(&ring, self.dynamodb_url, table).await?;
        }
        Ok(file)
    }
}
