//! The data directory of a stack, opened while the stack is not running.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::StackError;
use crate::keys;
use crate::listen::{LOCALHOST, bind};
use crate::tables::Tables;
use crate::template::TableSpec;
use crate::template_file::TemplateFile;

/// The tables that a template describes, read once for any number of storages. It does not
/// know the parameters of the stack that left them, so it has those of every condition.
#[derive(Debug)]
pub struct Schema(Vec<TableSpec>);

impl Schema {
    pub(crate) fn tables(&self) -> &[TableSpec] {
        &self.0
    }

    /// Returns the body of `CreateTable` for each table.
    pub fn creations(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|table| &table.request)
    }

    /// Reads a template.
    ///
    /// # Errors
    /// [`StackError`]; its message is one sentence for the user of the command.
    pub fn read(template: &Path) -> Result<Self, StackError> {
        let file = TemplateFile::read(template)?;
        Ok(Self(
            file.parse(&BTreeMap::new(), "http://localhost")?.all_tables,
        ))
    }
}

/// The tables and the key ring of a data directory. Dropping it closes them.
#[derive(Debug)]
pub struct Storage {
    tables: Tables,
    dynamodb_url: String,
    key_ring: PathBuf,
}

impl Storage {
    /// Serves the tables on a free port, and creates those that do not exist yet.
    ///
    /// # Errors
    /// [`StackError`]; its message is one sentence for the user of the command.
    pub async fn open(template: &Path, data_dir: &Path) -> Result<Self, StackError> {
        Self::serve(&Schema::read(template)?, data_dir, Some(data_dir)).await
    }

    /// Like [`open`](Self::open), but with tables in memory: the directory only contains
    /// the key ring.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub async fn in_memory(schema: &Schema, directory: &Path) -> Result<Self, StackError> {
        Self::serve(schema, directory, None).await
    }

    async fn serve(
        schema: &Schema,
        directory: &Path,
        tables: Option<&Path>,
    ) -> Result<Self, StackError> {
        keys::make_directory(directory)?;
        let (listener, address) = bind(LOCALHOST, 0).await?;
        Ok(Self {
            tables: Tables::start(&schema.0, tables, listener)?,
            dynamodb_url: format!("http://{address}"),
            key_ring: key_ring_path(directory),
        })
    }

    /// Returns DynamoDB's endpoint.
    #[must_use]
    pub fn dynamodb_url(&self) -> &str {
        &self.dynamodb_url
    }

    /// Returns the logical ids of the template's tables, and their names.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tables.by_id()
    }

    /// Returns the file with the private keys, which may not exist.
    #[must_use]
    pub fn key_ring_path(&self) -> &Path {
        &self.key_ring
    }

    /// Closes the tables, and waits until DynamoDB has written its file.
    pub async fn close(self) {
        self.tables.stop().await;
    }
}

/// Returns the key ring's file in a data directory.
#[must_use]
pub fn key_ring_path(data_dir: &Path) -> PathBuf {
    data_dir.join(keys::FILE)
}
