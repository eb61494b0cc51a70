//! Concurrent requests.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use gatehouse_tests::Service;
use gatehouse_tests::deployment::{is_deployed, is_overloaded};
use gatehouse_tests::person::{PASSWORD, unique};
use gatehouse_tests::tables::Tables;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_concurrent_refreshes_return_one_successor_for_twenty_rounds()
-> anyhow::Result<()> {
    let service = Service::shared().await?;
    let mut token = service.logged_in("ada").await?.refresh_token;
    for round in 0..20 {
        let responses = join_all((0..64).map(|_| service.refresh(&token))).await;
        let mut successors = BTreeSet::new();
        for response in responses {
            let response = response?;
            if is_overloaded(&response) {
                continue;
            }
            response.assert_status(200);
            successors.insert(response.member("refresh_token"));
        }
        assert_eq!(successors.len(), 1, "round {round}");
        let successor = successors.pop_first().unwrap();
        assert_ne!(successor, token, "round {round}");
        token = successor;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_concurrent_registrations_of_one_name_create_one_account() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let name = unique("ada");
    let body = json!({ "username": name, "password": PASSWORD });
    let responses = join_all((0..100).map(|_| service.post("/register", &body))).await;
    let mut created = 0;
    for response in responses {
        let response = response?;
        match response.status {
            201 => created += 1,
            409 => assert_eq!(response.code(), "username_taken"),
            _ if is_overloaded(&response) => {}
            _ => panic!("{response:?}"),
        }
    }
    // The response to the one that was created may be among the lost ones.
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
    let service = Service::shared().await?;
    let mut ada = service.registered("ada").await?;
    for _ in 0..20 {
        ada.log_in(&service).await?;
        let (logout, refresh) = tokio::join!(
            ada.logs_out(&service, "local"),
            service.refresh(&ada.refresh_token),
        );
        logout?;
        let refresh = refresh?;
        if refresh.status == 200 {
            ada.with_tokens(&refresh).is_logged_out(&service).await?;
        } else {
            refresh.assert_oauth_error(400, "invalid_grant");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_sessions_that_end_all_others_one_survives() -> anyhow::Result<()> {
    let service = Service::shared().await?;
    let ada = service.registered("ada").await?;
    for _ in 0..10 {
        let here = ada.logs_in_again(&service).await?;
        let there = ada.logs_in_again(&service).await?;
        let body = json!({ "scope": "others" });
        let (one, two) = tokio::join!(
            here.post(&service, "/logout", &body),
            there.post(&service, "/logout", &body),
        );
        let (one, two) = (one?.status, two?.status);
        assert!([one, two].contains(&204), "{one} {two}");
        assert!(
            [401, 403].contains(&one.max(two)),
            "{one} {two}: one is refused, and ends no session"
        );
        let winner = if one == 204 { &here } else { &there };
        let loser = if one == 204 { &there } else { &here };
        winner.refreshes(&service).await?;
        loser.cannot_refresh(&service).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_loses_the_response_refreshes_again_and_gets_the_successor()
-> anyhow::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let service = Service::shared().await?;
    let ada = service.logged_in("ada").await?;
    let body = json!({ "refresh_token": ada.refresh_token }).to_string();
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
        // The first byte of the response: the refresh has happened, and the rest is lost.
        assert_eq!(socket.read_u8().await?, b'H');
    }
    let logs = service.logs().await?;
    let refreshed = logs
        .iter()
        .filter(|line| line.contains(r#""event":"token_refreshed""#) && line.contains(&ada.id));
    assert_eq!(refreshed.count(), 5);
    let first = ada.refreshes(&service).await?;
    let again = ada.refreshes(&service).await?;
    assert_eq!(first.refresh_token, again.refresh_token);
    first.refreshes(&service).await?;
    Ok(())
}
