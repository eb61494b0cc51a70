use super::{PASSWORD, World};

#[tokio::test]
async fn an_operator_sets_an_address_that_is_free() {
    let world = World::new().await;
    for name in ["ada", "eve"] {
        world.create(name, &[], PASSWORD).await.unwrap();
    }
    let taken = world.refusal("email ada EVE@example.org").await;
    assert_eq!(taken, "the e-mail address is already taken");
    let invalid = world.refusal("email ada nothing").await;
    assert!(
        invalid.contains("\"nothing\" is not a valid e-mail address"),
        "{invalid}"
    );
    let set = world
        .ask("email ada@example.org lovelace@example.org")
        .await
        .unwrap();
    assert_eq!(set["changed"], true);
    assert_eq!(set["user"]["email"], "lovelace@example.org");
    let again = world.ask("email ada lovelace@example.org").await.unwrap();
    assert_eq!(again["changed"], false);
    let missing = world.refusal("show ada@example.org").await;
    assert_eq!(missing, "there is no user \"ada@example.org\"");
    world.ask("email eve ada@example.org").await.unwrap();
}

#[tokio::test]
async fn an_operator_renames_a_user_once_a_day_and_nobody_gets_the_old_name() {
    let world = World::new().await;
    for name in ["ada", "eve"] {
        world.create(name, &[], PASSWORD).await.unwrap();
    }
    let taken = "the username is already taken, or reserved because another user had it";
    assert_eq!(world.refusal("rename ada EVE").await, taken);
    let invalid = world.refusal("rename ada ada@example.org").await;
    assert!(invalid.contains("is not a valid username"), "{invalid}");
    let digest = gatehouse_auth::digest::sha256(b"ada");
    world.count_failures(&[format!("id#{digest}")]).await;
    let renamed = world.ask("rename ada Grace").await.unwrap();
    assert_eq!(
        (&renamed["changed"], &renamed["user"]["username"]),
        (&true.into(), &"Grace".into())
    );
    assert_eq!(world.items("LOGIN_ATTEMPTS_TABLE").await, [""; 0]);
    assert_eq!(world.refusal("rename eve ada").await, taken);
    let refused = world
        .create("ada", &[], PASSWORD)
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(refused, "the username ada is already taken");
    let early = world.refusal("rename grace ada").await;
    assert!(
        early.starts_with("Grace was renamed less than a day ago: try again after 2"),
        "{early}"
    );
    assert_eq!(
        world.ask("rename grace GRACE").await.unwrap()["changed"],
        true
    );
    assert_eq!(
        world.ask("rename grace GRACE").await.unwrap()["changed"],
        false
    );
    assert_eq!(world.refusal("show ada").await, "there is no user \"ada\"");
}
