//! Users from a file, many in one transaction.

use gatehouse_auth::failure::Failure as _;
use gatehouse_auth::role::Roles;
use gatehouse_auth::user::User;
use gatehouse_store::{Claim, ImportBatch, Imported};
use gatehouse_testing::{Fault, at, at_call};

use crate::fixtures::{imported, user};
use crate::tables::Tables;

/// Returns 20 users from a file, with every claim.
fn twenty() -> Vec<User> {
    let users = 1..=20;
    let users = users.map(|number| {
        let name = format!("user-{number}");
        imported(
            number,
            &name,
            &format!("line {number}"),
            &number.to_string(),
        )
    });
    users.collect()
}

fn batch(users: &[User]) -> ImportBatch<'_> {
    let mut batch = ImportBatch::default();
    for user in users {
        assert!(batch.add(user), "{} has no room", user.username);
    }
    batch
}

/// Checks that each of these users has an account, and every name leads to it.
async fn expect_complete(tables: &Tables, users: &[User]) {
    for user in users {
        let stored = tables.users.get(&user.sub).await.unwrap();
        assert_eq!(stored.and_then(|user| user.imported), user.imported);
        for claim in [Claim::Username, Claim::Email, Claim::ExternalId] {
            let key = claim.key(user).unwrap();
            let leads_to = tables.users.subject_of(&key).await.unwrap();
            assert_eq!(leads_to.as_ref(), Some(&user.sub), "{claim:?}");
        }
    }
    let rows = tables.count("UsersTable").await;
    assert_eq!(usize::try_from(rows).unwrap(), 4 * users.len());
}

#[test]
fn the_check_of_a_revocation_is_an_item_of_the_transaction() {
    let users = twenty();
    let only_named = |number, name| User {
        email: None,
        email_canonical: None,
        ..user(number, name)
    };
    let (two_left, three) = (only_named(20, "grace"), only_named(21, "eve"));
    let mut batch = batch(&users[..19]);
    assert!(batch.add(&two_left), "95 items, and 3");
    assert!(!batch.add(&three), "98 items, and 3");
}

#[tokio::test]
async fn twenty_users_with_every_claim_are_one_transaction() {
    let tables = Tables::start().await;
    let users = twenty();
    let mut batch = batch(&users);
    let one_more = imported(21, "one-more", "line 21", "21");
    assert!(!batch.add(&one_more), "100 items are the limit");
    tables.calls();
    let done = tables.accounts.import(&mut batch, at(0)).await.unwrap();
    assert_eq!(tables.calls(), ["TransactWriteItems"]);
    assert_eq!(done, [Imported::Written; 20]);
    expect_complete(&tables, &users).await;
}

#[tokio::test]
async fn no_two_users_of_a_batch_write_one_item() {
    let ada = imported(1, "ada", "line", "1");
    let admin = |number, name| User {
        roles: Roles::parse(["admin"]).unwrap(),
        ..user(number, name)
    };
    let (root, other) = (admin(2, "root"), admin(3, "other"));
    let (same_subject, same_name) = (user(1, "eve"), user(4, "ada"));
    let same_id = imported(4, "eve", "line", "1");
    let eve = user(4, "eve");
    let mut batch = ImportBatch::of(&ada);
    assert!(!batch.add(&same_subject), "the subject");
    assert!(!batch.add(&same_name), "the username");
    assert!(!batch.add(&same_id), "the external id");
    assert!(batch.add(&root));
    assert!(!batch.add(&other), "the number of administrators");
    assert!(batch.add(&eve));
    assert_eq!(batch.users().count(), 3);
}

#[tokio::test]
async fn users_who_are_refused_in_a_batch_do_not_refuse_the_others() {
    let tables = Tables::start().await;
    let mut users = twenty();
    // Before the batch: one of its lines, an owner of a name, and a subject that was deleted.
    let owner = imported(101, "owner", "another line", "101");
    let deleted = imported(12, "deleted", "another line", "102");
    let mut before = ImportBatch::of(&owner);
    assert!(before.add(&deleted) && before.add(&users[5]));
    tables.accounts.import(&mut before, at(0)).await.unwrap();
    tables.accounts.delete(deleted, at(1)).await.unwrap();
    users[9].external_id.clone_from(&owner.external_id);
    users[10]
        .username_canonical
        .clone_from(&owner.username_canonical);
    let mut rows = tables.count("UsersTable").await;

    let mut batch = batch(&users);
    let previewed = tables.accounts.preview_import(&batch, at(2)).await.unwrap();
    assert_eq!(tables.count("UsersTable").await, rows);
    tables.calls();
    let done = tables.accounts.import(&mut batch, at(2)).await.unwrap();
    let calls = ["TransactWriteItems", "BatchGetItem", "TransactWriteItems"];
    assert_eq!(tables.calls(), calls);
    let mut expected = [Imported::Written; 20];
    expected[5] = Imported::Already;
    expected[9] = Imported::Taken(Claim::ExternalId);
    expected[10] = Imported::Taken(Claim::Username);
    expected[11] = Imported::Deleted;
    assert_eq!(done, expected);
    assert_eq!(previewed, expected);
    rows += 4 * 16;
    assert_eq!(tables.count("UsersTable").await, rows, "nothing else");
    for (user, imported) in users.iter().zip(expected) {
        if imported == Imported::Written {
            let key = Claim::ExternalId.key(user).unwrap();
            let leads_to = tables.users.subject_of(&key).await.unwrap();
            assert_eq!(leads_to.as_ref(), Some(&user.sub));
        }
    }
}

#[tokio::test]
async fn a_batch_whose_response_is_lost_is_recognised_as_written() {
    let tables = Tables::start().await;
    let users = twenty();
    let there = &users[3];
    let mut before = ImportBatch::of(there);
    tables.accounts.import(&mut before, at(0)).await.unwrap();
    let mut batch = batch(&users);
    // The first transaction is refused because of one user, and each attempt at the second
    // one takes effect without a response.
    tables.calls();
    for attempt in 1..=3 {
        let call = at_call(attempt).of("TransactWriteItems").after();
        tables.faults().inject(call, Fault::Cut);
    }
    let error = tables.accounts.import(&mut batch, at(0)).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert_eq!(batch.imported(), [Imported::Already]);
    assert_eq!(batch.undecided().len(), 19);
    let done = tables.accounts.import(&mut batch, at(0)).await.unwrap();
    let mut expected = [Imported::Written; 20];
    expected[3] = Imported::Already;
    assert_eq!(done, expected);
    expect_complete(&tables, &users).await;
}

#[tokio::test]
async fn a_batch_that_is_throttled_writes_nothing_and_can_be_repeated() {
    let tables = Tables::start().await;
    let users = twenty();
    let mut batch = batch(&users);
    for attempt in 0..3 {
        let call = at_call(attempt).of("TransactWriteItems");
        tables.faults().inject(call, Fault::Cut);
    }
    let error = tables.accounts.import(&mut batch, at(0)).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert_eq!(tables.count("UsersTable").await, 0);
    let done = tables.accounts.import(&mut batch, at(0)).await.unwrap();
    assert_eq!(done, [Imported::Written; 20]);
    expect_complete(&tables, &users).await;
}
