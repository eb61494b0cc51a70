//! What a stack with a data directory keeps, opened while the stack is down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::StackError;
use crate::keys;
use crate::listen::{LOCALHOST, bind};
use crate::tables::Tables;
use crate::template_file::TemplateFile;

/// The tables and the key ring of a data directory. Dropping it closes them.
#[derive(Debug)]
pub struct Storage {
    tables: Tables,
    dynamodb_url: String,
    key_ring: PathBuf,
}

impl Storage {
    /// Serves the tables on a free port; those that are not there yet are made.
    ///
    /// # Errors
    /// [`StackError`], whose text is one sentence for a person.
    pub async fn open(template: &Path, data_dir: &Path) -> Result<Self, StackError> {
        Self::serve(template, data_dir, Some(data_dir)).await
    }

    /// The same with tables in memory: the directory keeps the key ring alone.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn in_memory(template: &Path, directory: &Path) -> Result<Self, StackError> {
        Self::serve(template, directory, None).await
    }

    async fn serve(
        template: &Path,
        directory: &Path,
        tables: Option<&Path>,
    ) -> Result<Self, StackError> {
        let file = TemplateFile::read(template)?;
        let parsed = file.parse(&BTreeMap::new(), "http://localhost")?;
        keys::make_directory(directory)?;
        let (listener, address) = bind(LOCALHOST, 0).await?;
        Ok(Self {
            tables: Tables::start(&parsed.tables, tables, listener)?,
            dynamodb_url: format!("http://{address}"),
            key_ring: key_ring_path(directory),
        })
    }

    /// DynamoDB's endpoint.
    #[must_use]
    pub fn dynamodb_url(&self) -> &str {
        &self.dynamodb_url
    }

    /// The logical ids of the template's tables, and their names.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tables.by_id()
    }

    /// The file with the private keys, there or not.
    #[must_use]
    pub fn key_ring_path(&self) -> &Path {
        &self.key_ring
    }

    /// Closes it, and waits for DynamoDB to have written its file.
    pub async fn close(self) {
        self.tables.stop().await;
    }
}

/// Where a data directory has its key ring.
#[must_use]
pub fn key_ring_path(data_dir: &Path) -> PathBuf {
    data_dir.join(keys::FILE)
}
