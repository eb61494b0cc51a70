use super::*;
use crate::digest::sha256;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW.unix() + seconds)
}

fn secret(of: u8) -> ClientSecret {
    ClientSecret::mint([of; 32])
}

fn client() -> Client {
    Client::new(ClientId::parse("reports").unwrap(), &secret(1), NOW)
}

fn verdict(client: &Client, presented: &ClientSecret, now: Timestamp) -> &'static str {
    let verdict = Client::authenticate(Some(client), presented.expose(), now);
    verdict.map_or_else(ClientRefusal::reason, |()| "accepted")
}

#[test]
fn a_secret_has_its_prefix_and_49_characters() {
    let secret = secret(7);
    assert_eq!(secret.expose().len(), 49);
    assert!(secret.expose().starts_with("gh_cs_"));
}

#[test]
fn only_the_sha_256_of_a_secret_is_stored() {
    let stored = serde_json::to_string(&client()).unwrap();
    assert!(!stored.contains(secret(1).expose()), "{stored}");
    assert!(stored.contains(&sha256(secret(1).expose().as_bytes())));
}

#[test]
fn a_client_is_authenticated_by_its_secret_and_by_no_other_text() {
    let client = client();
    assert_eq!(verdict(&client, &secret(1), NOW), "accepted");
    assert_eq!(verdict(&client, &secret(2), NOW), "client_secret_wrong");
    let text = secret(1).expose().to_owned();
    for other in [
        "",
        "gh_cs_",
        &text[6..],
        &text[..48],
        &format!("{text} "),
        &text.to_uppercase(),
        client.digest().expose(),
    ] {
        let refused = Client::authenticate(Some(&client), other, NOW);
        assert_eq!(refused, Err(ClientRefusal::WrongSecret), "{other}");
    }
}

#[test]
fn an_unknown_client_is_never_authenticated() {
    for presented in ["", secret(1).expose(), SecretDigest::dummy().expose()] {
        let refused = Client::authenticate(None, presented, NOW);
        assert_eq!(refused, Err(ClientRefusal::Unknown));
    }
}

#[test]
fn the_previous_secret_is_valid_until_the_second_its_overlap_ends() {
    let rotated = client().rotated(&secret(2), at(60), NOW);
    assert_eq!(verdict(&rotated, &secret(2), NOW), "accepted");
    assert_eq!(verdict(&rotated, &secret(1), at(59)), "accepted");
    assert_eq!(rotated.previous_ends_at(at(59)), Some(at(60)));
    assert_eq!(
        verdict(&rotated, &secret(1), at(60)),
        "client_secret_replaced"
    );
    assert_eq!(rotated.previous_ends_at(at(60)), None);
    assert_eq!(verdict(&rotated, &secret(2), at(60)), "accepted");
}

#[test]
fn without_an_overlap_the_previous_secret_ends_at_once() {
    let rotated = client().rotated(&secret(2), NOW, NOW);
    assert_eq!(verdict(&rotated, &secret(1), NOW), "client_secret_replaced");
    assert_eq!(verdict(&rotated, &secret(2), NOW), "accepted");
}

#[test]
fn a_second_rotation_ends_the_secret_before_the_previous_one() {
    let once = client().rotated(&secret(2), at(60), NOW);
    let twice = once.rotated(&secret(3), at(60), at(1));
    assert_eq!(verdict(&twice, &secret(1), at(1)), "client_secret_wrong");
    assert_eq!(verdict(&twice, &secret(2), at(1)), "accepted");
    assert_eq!(verdict(&twice, &secret(3), at(1)), "accepted");
}

#[test]
fn a_client_id_is_the_same_with_and_without_form_encoding() {
    for valid in ["a", "7", "Reports-2.eu_west", &"x".repeat(64)] {
        assert_eq!(ClientId::parse(valid).unwrap().as_str(), valid);
    }
    for invalid in [
        "",
        " ",
        "-a",
        ".a",
        "_a",
        "a b",
        "a:b",
        "a+b",
        "a%20b",
        "a#b",
        "a/b",
        "caf\u{e9}",
        "a\0",
        &"x".repeat(65),
    ] {
        assert_eq!(ClientId::parse(invalid), Err(ClientIdError), "{invalid:?}");
    }
}

#[test]
fn a_secret_and_its_digest_are_never_printed() {
    let rotated = client().rotated(&secret(2), at(60), NOW);
    for printed in [format!("{:?}", secret(1)), format!("{rotated:?}")] {
        assert!(printed.contains("redacted"), "{printed}");
        for secret in [secret(1), secret(2)] {
            assert!(!printed.contains(secret.expose()), "{printed}");
            assert!(!printed.contains(secret.digest().expose()), "{printed}");
        }
    }
}
