//! The sessions of one user, through the index `by-user`.
//!
//! An index lags behind its table, so a session that has just begun may be missing. No
//! decision about a session is based on it.

use std::collections::BTreeSet;

use gatehouse_auth::id::{SessionId, SubjectId};
use gatehouse_auth::session::Session;
use serde::Deserialize;

use crate::dynamodb::error::StoreError;
use crate::dynamodb::item::{Item, key, names, text, values};
use crate::sessions::Sessions;

/// The index of sessions by user and time.
const INDEX: &str = "by-user";
/// Sessions per page: as many as one `BatchGetItem` reads.
const PAGE: i32 = 100;

/// A page of the index, which holds only keys.
pub(crate) struct SessionIds {
    /// The sessions, newest first.
    pub(crate) ids: Vec<SessionId>,
    /// The key after which the next page begins, if there is one.
    pub(crate) next: Option<Item>,
}

#[derive(Deserialize)]
struct IndexItem {
    sid: SessionId,
}

impl Sessions {
    /// Reads every session of a user, newest first, including those that have ended but
    /// are still in the table.
    ///
    /// # Errors
    /// [`StoreError`] if a call fails or an item is corrupt.
    pub async fn of_user(&self, sub: &SubjectId) -> Result<Vec<Session>, StoreError> {
        let mut sessions = Vec::new();
        let mut start = None;
        loop {
            let page = self.ids_of_user(sub, start).await?;
            for item in self.items(&page.ids).await? {
                // A corrupt item does not hide the others.
                match self.read_shown("of a person's list", item) {
                    Ok(session) => sessions.push(session),
                    Err(error) => {
                        let error: &dyn std::error::Error = &error;
                        tracing::error!(error, "a session was left out of a list");
                    }
                }
            }
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        // The index may be behind: the sessions themselves have the current subject.
        sessions.retain(|session| session.sub == *sub);
        sessions.sort_by(|one, other| {
            let newest_first = other.created_at.cmp(&one.created_at);
            newest_first.then_with(|| one.sid.cmp(&other.sid))
        });
        Ok(sessions)
    }

    /// Returns the ids of a user's newest sessions, newest first, at most `limit`.
    pub(crate) async fn newest(
        &self,
        sub: &SubjectId,
        limit: u16,
    ) -> Result<Vec<SessionId>, StoreError> {
        let page = self.page_of_user(sub, None, limit.into()).await?;
        Ok(page.ids)
    }

    /// Reads a page of the index.
    pub(crate) async fn ids_of_user(
        &self,
        sub: &SubjectId,
        start: Option<Item>,
    ) -> Result<SessionIds, StoreError> {
        self.page_of_user(sub, start, PAGE).await
    }

    async fn page_of_user(
        &self,
        sub: &SubjectId,
        start: Option<Item>,
        limit: i32,
    ) -> Result<SessionIds, StoreError> {
        let page = self.table().query(start, |query| {
            query
                .index_name(INDEX)
                .key_condition_expression("#sub = :sub")
                .set_expression_attribute_names(Some(names(["sub"])))
                .set_expression_attribute_values(Some(values([("sub", text(sub.as_str()))])))
                .scan_index_forward(false)
                .limit(limit)
        });
        let page = page.await?;
        let ids = page
            .items
            .into_iter()
            .map(|item| self.table().decode("of the index", item))
            .map(|item: Result<IndexItem, StoreError>| item.map(|item| item.sid))
            .collect::<Result<_, _>>()?;
        let next = page.next;
        Ok(SessionIds { ids, next })
    }

    /// Reads the addresses of a page's sessions; invalid ones are skipped.
    pub(crate) async fn addresses(
        &self,
        ids: &[SessionId],
    ) -> Result<BTreeSet<String>, StoreError> {
        let items = self.items(ids).await?;
        let address = |item: Item| item.get("ip")?.as_s().ok().cloned();
        Ok(items.into_iter().filter_map(address).collect())
    }

    /// Deletes a page's sessions.
    pub(crate) async fn delete_all(&self, ids: &[SessionId]) -> Result<(), StoreError> {
        self.table().delete_each(&keys(ids)).await
    }

    /// Reads a page's sessions, consistently; those that no longer exist are omitted.
    async fn items(&self, ids: &[SessionId]) -> Result<Vec<Item>, StoreError> {
        self.table().get_each(&keys(ids)).await
    }
}

fn keys(ids: &[SessionId]) -> Vec<Item> {
    ids.iter().map(|sid| key("sid", sid.as_str())).collect()
}
