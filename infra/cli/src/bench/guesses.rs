//! How many of a day's guesses at one account are hashed, and does its owner get in?

use anyhow::ensure;
use gatehouse_auth::password::{Argon2Params, Hasher, Password};
use gatehouse_auth::random;

use super::world::World;
use crate::project;

/// Runs the bench, and fails where more than a hundred are hashed.
pub(super) async fn run(guesses: u32) -> anyhow::Result<String> {
    let hasher = Hasher::new(Argon2Params::default(), 1);
    let password = Password::parse(PASSWORD)?;
    let hash = hasher.hash(password, random::bytes()?).await?;
    let world = World::start(&project::root()?, hasher.clone()).await?;
    world.add("ada", &hash).await?;
    let owner = || World::request("ada", PASSWORD, "192.0.2.1");
    ensure!(
        world.log_in(owner()?).await.status() == 200,
        "the owner is not let in at first"
    );
    let mut logins = 0;
    let (mut tried, mut refused) = (0, 0);
    for number in 0..guesses {
        let name = if number % 2 == 0 {
            "ada"
        } else {
            "ada@example.org"
        };
        let address = format!("198.51.100.{}", number / 2 % 100);
        let guess = World::request(name, "not the password of anybody", &address)?;
        let before = hasher.computed();
        match world.log_in(guess).await.status().as_u16() {
            401 => tried += 1,
            429 => {
                ensure!(hasher.computed() == before, "a refused guess was hashed");
                refused += 1;
            }
            other => anyhow::bail!("guess {number} was answered {other}"),
        }
        if number % 500 == 499 {
            let answer = world.log_in(owner()?).await;
            ensure!(
                answer.status() == 200,
                "the owner is kept out after guess {number}"
            );
            logins += 1;
        }
        world.pass(i64::from(86_400 / guesses));
    }
    world.close().await;
    let text = format!(
        "{guesses} guesses in a day, from 100 addresses, by username and e-mail address:\n\
         {tried} were hashed, {refused} were 429; the owner logged in {logins} times meanwhile\n"
    );
    ensure!(tried <= 100, "more than a hundred were hashed:\n{text}");
    Ok(text)
}

const PASSWORD: &str = "the password of its owner";
