//! Taking back what guesses at an account have counted up.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use gatehouse_auth::item_key::ItemKey;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, key, names, pk, text, values};

/// Deletes the counters of an identifier: its own, and those of its pairs with an
/// address. Those of addresses alone stay, since they are other people's too.
/// Returns how many there were.
///
/// The pairs' addresses are not known, so the whole table is read: this is for a
/// person at a command line, and not for a request.
///
/// # Errors
/// [`StoreError`] as the calls give it. What was deleted stays so; another call
/// does the rest.
pub async fn unlock(client: &Client, table: &str, digest: &str) -> Result<usize, StoreError> {
    let mut removed =
        usize::from(delete(client, table, &pk(&ItemKey::identifier_attempts(digest))).await?);
    let mut from = None;
    loop {
        let page = client
            .scan()
            .table_name(table)
            .projection_expression("#pk")
            .filter_expression("begins_with(#pk, :pair)")
            .set_expression_attribute_names(Some(names(["pk"])))
            .set_expression_attribute_values(Some(values([(
                "pair",
                text(ItemKey::pair_attempts_prefix(digest)),
            )])))
            .set_exclusive_start_key(from)
            .send()
            .await
            .map_err(|error| StoreError::of("Scan", error))?;
        for item in page.items.unwrap_or_default() {
            let Some(AttributeValue::S(pair)) = item.get("pk") else {
                continue;
            };
            removed += usize::from(delete(client, table, &key("pk", pair)).await?);
        }
        from = page.last_evaluated_key;
        if from.is_none() {
            return Ok(removed);
        }
    }
}

async fn delete(client: &Client, table: &str, key: &Item) -> Result<bool, StoreError> {
    let answer = client
        .delete_item()
        .table_name(table)
        .set_key(Some(key.clone()))
        .return_values(ReturnValue::AllOld)
        .send()
        .await
        .map_err(|error| StoreError::of("DeleteItem", error))?;
    Ok(answer.attributes.is_some())
}
