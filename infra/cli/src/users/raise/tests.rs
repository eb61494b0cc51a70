use gatehouse_auth::item_key::ItemKey;
use gatehouse_testing::{NOW, at, user};
use tempfile::TempDir;

use super::*;
use crate::project;
use crate::target::Target;

/// A user who was deleted after the backup, one who was not, and one that nobody can read.
#[tokio::test]
async fn after_a_restore_every_user_is_raised_deleted_again_or_reported() {
    let directory = TempDir::new().unwrap();
    let project = project::repository();
    let target = Target::open(&project, directory.path());
    let target = target.await.unwrap();
    let tables = Tables::open(&target).unwrap();
    let people = ["ada", "eve", "max"].map(user);
    for person in &people {
        tables.accounts.users.register(person).await.unwrap();
    }
    let [ada, eve, max] = &people;
    let client = target.tables();
    let name = target.table("USERS_TABLE").unwrap();
    let key = |sub: &SubjectId| {
        let key: String = ItemKey::user(sub).into();
        aws_sdk_dynamodb::types::AttributeValue::S(key)
    };
    let backup = client.get_item().table_name(&name);
    let backup = backup.key("pk", key(&eve.sub)).send().await.unwrap().item;
    tables.accounts.remove(&eve.sub, at(9)).await.unwrap();
    let restore = client.put_item().table_name(&name).set_item(backup);
    restore.send().await.unwrap();
    let spoil = client.update_item().table_name(&name);
    let spoil = spoil.key("pk", key(&max.sub));
    let spoil = spoil.update_expression("REMOVE username_canonical");
    spoil.send().await.unwrap();

    let output = all(&tables, NOW).await.unwrap();
    assert_eq!(output.json["raised"], 1, "{}", output.text);
    assert_eq!(output.json["deleted"], json!([eve.sub]));
    assert_eq!(output.json["not_raised"].as_array().unwrap().len(), 1);
    assert!(output.status == Status::Incomplete);
    let after = tables.accounts.users.get(&ada.sub).await.unwrap().unwrap();
    assert!(after.token_version > ada.token_version);
    assert!(after.session_version > ada.session_version);
    assert!(tables.accounts.users.get(&eve.sub).await.unwrap().is_none());
}
