//! The clients, as a table and as JSON.

use std::fmt::Write as _;

use gatehouse_auth::client::Client;
use gatehouse_auth::time::Timestamp;
use serde_json::{Value, json};

use crate::output::Output;

/// Lists every client.
pub(super) fn clients(clients: &[Client], now: Timestamp) -> Output {
    let json =
        json!({ "clients": clients.iter().map(|client| json(client, now)).collect::<Vec<_>>() });
    if clients.is_empty() {
        return Output::new(
            "No clients are registered. Register one with `clients create ID`.\n".to_owned(),
            json,
        );
    }
    let widest = clients.iter().map(|client| client.id().as_str().len());
    let width = widest.max().unwrap_or_default().max("client".len());
    let mut text = String::new();
    let mut line = |cells: [&str; 4]| {
        let [id, created, since, until] = cells;
        let _ = writeln!(text, "{id:<width$}  {created:<20}  {since:<20}  {until}");
    };
    line(["client", "created", "secret since", "old secret until"]);
    for client in clients {
        let created = client.created_at().to_string();
        let since = client
            .rotated_at()
            .unwrap_or(client.created_at())
            .to_string();
        let until = client.previous_ends_at(now).map(|at| at.to_string());
        let until = until.as_deref().unwrap_or("-");
        line([client.id().as_str(), &created, &since, until]);
    }
    Output::new(text, json)
}

fn json(client: &Client, now: Timestamp) -> Value {
    json!({
        "client_id": client.id(),
        "created_at": client.created_at().to_string(),
        "rotated_at": client.rotated_at().map(|at| at.to_string()),
        "previous_ends_at": client.previous_ends_at(now).map(|at| at.to_string()),
    })
}
