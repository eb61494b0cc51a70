//! Many at once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use gatehouse_tests::deployment::is_deployed;
use gatehouse_tests::person::unique;
use gatehouse_tests::tables::Tables;
use gatehouse_tests::{Person, Service};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_concurrent_refreshes_give_one_successor_for_twenty_rounds() -> anyhow::Result<()>
{
    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let mut token = person.refresh_token;
    for round in 0..20 {
        let answers = join_all((0..64).map(|_| service.refresh(&token))).await;
        let mut successors = BTreeSet::new();
        for answer in answers {
            let answer = answer?;
            assert_eq!(answer.status, 200, "round {round}: {answer:?}");
            successors.insert(answer.member("refresh_token"));
        }
        assert_eq!(successors.len(), 1, "round {round}");
        let successor = successors.pop_first().unwrap();
        assert_ne!(successor, token, "round {round}");
        token = successor;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_concurrent_registrations_of_one_name_give_one_account() -> anyhow::Result<()> {
    let service = Service::start().await?;
    let name = unique("ada");
    let body = json!({ "username": name, "password": "a long and winding passphrase" });
    let answers = join_all((0..100).map(|_| service.post("/register", &body))).await;
    let mut created = 0;
    for answer in answers {
        let answer = answer?;
        match answer.status {
            201 => created += 1,
            409 => assert_eq!(answer.code(), "username_taken"),
            // The emulator starts a hundred processes at once on one small machine:
            // who waits for a table for too long is told to try again.
            503 if is_deployed() => assert_eq!(answer.code(), "unavailable"),
            _ => panic!("{answer:?}"),
        }
    }
    assert!(created == 1 || (is_deployed() && created == 0), "{created}");
    let users = Tables::of(&service).scan("UsersTable").await?;
    let of_that_name = users
        .iter()
        .filter(|item| format!("{item:?}").contains(&name));
    assert_eq!(of_that_name.count(), 2, "the user and the username, once");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_racing_a_refresh_leaves_a_dead_session() -> anyhow::Result<()> {
    let service = Service::start().await?;
    for _ in 0..20 {
        let person = Person::join(&service).await?;
        let body = json!({ "scope": "local" });
        let (logout, refresh) = tokio::join!(
            service.post_as(&person.access_token, "/logout", &body),
            service.refresh(&person.refresh_token),
        );
        assert_eq!(logout?.status, 204);
        let refresh = refresh?;
        if refresh.status == 200 {
            let access = service
                .get_as(&refresh.member("access_token"), "/protected")
                .await?;
            assert_eq!(access.status, 403);
            assert_eq!(
                service
                    .refresh(&refresh.member("refresh_token"))
                    .await?
                    .code(),
                "invalid_grant"
            );
        } else {
            assert_eq!(refresh.code(), "invalid_grant");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sessions_racing_others_end_with_one_winner() -> anyhow::Result<()> {
    let service = Service::start().await?;
    for _ in 0..10 {
        let here = Person::join(&service).await?;
        let mut there = here.clone();
        there.log_in(&service).await?;
        let body = json!({ "scope": "others" });
        let (one, two) = tokio::join!(
            service.post_as(&here.access_token, "/logout", &body),
            service.post_as(&there.access_token, "/logout", &body),
        );
        let (one, two) = (one?.status, two?.status);
        assert!([one, two].contains(&204), "{one} {two}");
        assert!(
            [401, 403].contains(&one.max(two)),
            "{one} {two}: one is refused, and ends nobody"
        );
        let winner = if one == 204 { &here } else { &there };
        let loser = if one == 204 { &there } else { &here };
        assert_eq!(service.refresh(&winner.refresh_token).await?.status, 200);
        assert_eq!(
            service.refresh(&loser.refresh_token).await?.code(),
            "invalid_grant"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_is_cut_off_refreshes_again_and_gets_the_successor() -> anyhow::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let service = Service::start().await?;
    let person = Person::join(&service).await?;
    let body = json!({ "refresh_token": person.refresh_token }).to_string();
    let url: reqwest::Url = format!("{}/refresh", service.url()).parse()?;
    let address = url.socket_addrs(|| None)?;
    let path = url.path();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    for _ in 0..5 {
        let mut socket = tokio::net::TcpStream::connect(&*address).await?;
        socket.write_all(request.as_bytes()).await?;
        // The first byte of the answer: the refresh has happened, and the rest is lost.
        assert_eq!(socket.read_u8().await?, b'H');
    }
    let logs = service.logs().await?;
    let refreshed = logs
        .iter()
        .filter(|line| line.contains(r#""event":"token_refreshed""#) && line.contains(&person.id));
    assert_eq!(refreshed.count(), 5);
    let first = service.refresh(&person.refresh_token).await?;
    let again = service.refresh(&person.refresh_token).await?;
    assert_eq!(
        (first.status, again.status),
        (200, 200),
        "{first:?} {again:?}"
    );
    assert_eq!(first.member("refresh_token"), again.member("refresh_token"));
    let next = service.refresh(&first.member("refresh_token")).await?;
    assert_eq!(next.status, 200);
    Ok(())
}
