//! Many copies of items at once, for measurements with a million of them.

use std::ops::Range;

use dynoxide::ImportOptions;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::types::{AttributeValue, Item};

use super::Stack;

/// A word in an item, and what replaces it in a copy.
pub type Renaming = (String, String);

impl Stack {
    /// Copies the items of a table that contain one of some words, past its API and its stream.
    /// `renamings` returns these words for a number, each with its replacement.
    ///
    /// # Errors
    /// If there is no such table, or its database fails.
    pub fn copy_items(
        &self,
        table: &str,
        numbers: Range<usize>,
        renamings: impl Fn(usize) -> Vec<Renaming>,
    ) -> Result<(), String> {
        let database = self.tables.database();
        let request = ScanRequest {
            table_name: table.to_owned(),
            ..ScanRequest::default()
        };
        let found = database.scan(request).map_err(|error| error.to_string())?;
        let words = renamings(numbers.start);
        let mut originals = found.items.unwrap_or_default();
        originals.retain(|item| renamed(item, &words) != *item);
        let mut numbers = numbers.peekable();
        while numbers.peek().is_some() {
            let copies = numbers.by_ref().take(CHUNK).flat_map(|number| {
                let words = renamings(number);
                let copies = originals.iter().map(|item| renamed(item, &words));
                copies.collect::<Vec<Item>>()
            });
            let copies: Vec<Item> = copies.collect();
            let written = database.import_items(table, copies, ImportOptions::default());
            written.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// How many copies of each item are in memory at once, and in one transaction.
const CHUNK: usize = 10_000;

fn renamed(item: &Item, words: &[Renaming]) -> Item {
    let attributes = item.iter();
    let renamed = attributes.map(|(name, value)| {
        let value = match value {
            AttributeValue::S(text) => {
                let mut text = text.clone();
                for (word, replacement) in words {
                    if text.contains(word.as_str()) {
                        text = text.replace(word.as_str(), replacement);
                    }
                }
                AttributeValue::S(text)
            }
            AttributeValue::N(_)
            | AttributeValue::B(_)
            | AttributeValue::BOOL(_)
            | AttributeValue::NULL(_)
            | AttributeValue::SS(_)
            | AttributeValue::NS(_)
            | AttributeValue::BS(_)
            | AttributeValue::L(_)
            | AttributeValue::M(_) => value.clone(),
        };
        (name.clone(), value)
    });
    renamed.collect()
}
