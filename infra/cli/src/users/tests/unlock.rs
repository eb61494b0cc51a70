use super::{PASSWORD, World};

#[tokio::test]
async fn unlocking_clears_the_counters_of_both_names_and_no_others() {
    let world = World::new().await;
    let ada = world.create("ada", &[], PASSWORD).await.unwrap();
    let digest = |name: &str| gatehouse_auth::identifier::LoginIdentifier::parse(name).digest();
    let (name, email, other) = (digest("ada"), digest("ada@example.org"), digest("grace"));
    let her_counters = [
        format!("sub#{}", ada["id"].as_str().unwrap()),
        format!("id#{name}"),
        format!("pair#{name}#192.0.2.1"),
        format!("pair#{name}#2001:db8::1"),
        format!("pair#{email}#192.0.2.1"),
    ];
    let others = [
        format!("id#{other}"),
        "ip#192.0.2.1".to_owned(),
        format!("pair#{other}#192.0.2.1"),
    ];
    world.count_failures(&her_counters).await;
    world.count_failures(&others).await;
    assert_eq!(world.ask("unlock ada").await.unwrap()["removed"], 5);
    // What remains of hers is an empty lane, besides the networks that are known.
    let items = world.items("LOGIN_ATTEMPTS_TABLE").await;
    assert!(items.len() == 4 && others.iter().all(|other| items.contains(other)));
    assert_eq!(world.ask("unlock ada").await.unwrap()["removed"], 0);
}
