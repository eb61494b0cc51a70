use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;

const CONNECTION: &str = "192.0.2.7";
/// `printf %s "correct horse" | sha256sum`
const DIGEST: &str = "4104d36f8da2c254349f85836793ebe029e0c957063a34c91c2e9203187b5631";
/// `printf %s "next secret" | sha256sum`
const NEXT_DIGEST: &str = "60FA320117B27B181C3A0E39F896035E2D8EF68E19349E8D4716321F83D131F3";

fn settings(pairs: &[(&str, &str)]) -> Result<ClientAddress, String> {
    let environment = Environment::from_pairs(pairs.iter().copied());
    ClientAddress::from_environment(&environment).map_err(|error| error.to_string())
}

fn mode(mode: &str) -> ClientAddress {
    settings(&[("CLIENT_ADDRESS", mode)]).unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        headers.append(HeaderName::from_static(name), value);
    }
    headers
}

fn connection() -> Option<IpAddr> {
    CONNECTION.parse().ok()
}

/// The address, or why the connection's is used.
fn read(settings: &ClientAddress, headers: &HeaderMap) -> Result<String, String> {
    let read = settings.read(headers, connection());
    let expected = read.ok().flatten().or(connection());
    assert_eq!(settings.resolve(headers, connection()), expected);
    match read {
        Ok(address) => Ok(address.unwrap().to_string()),
        Err(Fallback::Direct) => Err("direct".to_owned()),
        Err(Fallback::Unreadable(reason)) => Err(reason.name().to_owned()),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "compared with what was read")]
fn ok(address: &str) -> Result<String, String> {
    Ok(address.to_owned())
}

fn unreadable(reason: &str) -> Result<String, String> {
    Err(reason.to_owned())
}

#[test]
fn the_connection_is_the_default_and_no_header_changes_it() {
    let spoofed = headers(&[
        ("x-forwarded-for", "203.0.113.9, 192.0.2.7"),
        ("cloudfront-viewer-address", "203.0.113.9:443"),
        ("forwarded", "for=203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
    ]);
    for settings in [settings(&[]).unwrap(), mode(""), mode("connection")] {
        assert_eq!(read(&settings, &spoofed), ok(CONNECTION));
        assert_eq!(settings.resolve(&spoofed, None), None);
    }
}

#[test]
fn an_ipv4_connection_written_as_ipv6_is_the_same_client() {
    let mapped = "::ffff:192.0.2.7".parse().ok();
    let none = HeaderMap::new();
    for mode in ["connection", "cloudfront"].map(mode) {
        assert_eq!(mode.resolve(&none, mapped), connection());
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a line for each value")]
fn cloudfronts_viewer_address_ends_with_a_port_after_its_last_colon() {
    let cloudfront = mode("cloudfront");
    for (value, address) in [
        ("198.51.100.10:46532", "198.51.100.10"),
        ("198.51.100.10:0", "198.51.100.10"),
        ("198.51.100.10:65535", "198.51.100.10"),
        (" 198.51.100.10:46532\t", "198.51.100.10"),
        ("2001:db8:1:2:3:4:5:6:46532", "2001:db8:1:2:3:4:5:6"),
        ("2001:db8::1:46532", "2001:db8::1"),
        ("2001:db8:::46532", "2001:db8::"),
        ("2001:DB8:0:0:0:0:0:1:46532", "2001:db8::1"),
        ("::1:46532", "::1"),
        // Without a port, the last group of the address is read as one.
        ("2001:db8::1:2", "2001:db8::1"),
        ("[2001:db8::1]:46532", "2001:db8::1"),
        ("::ffff:198.51.100.10:46532", "198.51.100.10"),
        ("::ffff:c633:640a:46532", "198.51.100.10"),
    ] {
        let headers = headers(&[("cloudfront-viewer-address", value)]);
        assert_eq!(read(&cloudfront, &headers), ok(address), "{value:?}");
    }
    for value in [
        "",
        " ",
        ":",
        ":443",
        "198.51.100.10",
        "198.51.100.10:",
        "198.51.100.10:http",
        "198.51.100.10:+443",
        "198.51.100.10:-1",
        "198.51.100.10: 443",
        "198.51.100.10 :443",
        "198.51.100.10:65536",
        "198.51.100.10:443:443",
        "198.51.100.256:443",
        "198.51.100.010:443",
        "198.51.100:443",
        "0x7f000001:443",
        "2001:db8::1:beef",
        "2001:db8:1:2:3:4:5:6",
        "2001:db8::1%eth0:443",
        "fe80::1%1:443",
        "[2001:db8::1]",
        "[198.51.100.10]:443",
        "[2001:db8::1:443",
        "2001:db8::1]:443",
        "198.51.100.10:443, 198.51.100.11:443",
        "198.51.100.10:443,",
        "unknown",
        "\u{661}98.51.100.10:443",
        &"1".repeat(100_000),
        &":".repeat(100_000),
    ] {
        let headers = headers(&[("cloudfront-viewer-address", value)]);
        let shown: String = value.chars().take(50).collect();
        assert_eq!(
            read(&cloudfront, &headers),
            unreadable("malformed"),
            "{shown:?}"
        );
    }
    assert_eq!(read(&cloudfront, &headers(&[])), unreadable("missing"));
    let twice = [("cloudfront-viewer-address", "198.51.100.10:443"); 2];
    assert_eq!(read(&cloudfront, &headers(&twice)), unreadable("repeated"));
}

#[test]
fn a_named_header_contains_one_address_with_or_without_a_port() {
    let named = mode("header:X-Real-IP");
    for (value, address) in [
        ("203.0.113.5", "203.0.113.5"),
        (" 203.0.113.5 ", "203.0.113.5"),
        ("203.0.113.5:443", "203.0.113.5"),
        ("2001:db8::5", "2001:db8::5"),
        ("2001:db8:1:2:3:4:5:443", "2001:db8:1:2:3:4:5:443"),
        ("[2001:db8::5]:443", "2001:db8::5"),
        ("[2001:db8::5]", "2001:db8::5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("::FFFF:CB00:7105", "203.0.113.5"),
        ("[::ffff:203.0.113.5]:443", "203.0.113.5"),
    ] {
        let headers = headers(&[("x-real-ip", value)]);
        assert_eq!(read(&named, &headers), ok(address), "{value:?}");
    }
    for value in [
        "",
        ",",
        "203.0.113.5, 203.0.113.6",
        "203.0.113.5,203.0.113.5",
        "203.0.113.5 203.0.113.6",
        "203.0.113.5:",
        "203.0.113.5:+1",
        "203.0.113.5:65536",
        "203.0.113.5:443:443",
        "203.0.113.5/32",
        "203.0.113.05",
        "203.0.113",
        "3405803781",
        "[203.0.113.5]:443",
        "[2001:db8::5",
        "[2001:db8::5]443",
        "[2001:db8::5]:",
        "[[2001:db8::5]]",
        "2001:db8::5%eth0",
        "[fe80::5%25eth0]:443",
        "for=203.0.113.5",
        "\"203.0.113.5\"",
        "localhost",
        "unknown",
        "_hidden",
        "203.0.113.5\u{e9}",
        &"203.0.113.5, ".repeat(10_000),
    ] {
        let headers = headers(&[("x-real-ip", value)]);
        let shown: String = value.chars().take(50).collect();
        assert_eq!(read(&named, &headers), unreadable("malformed"), "{shown:?}");
    }
    assert_eq!(read(&named, &headers(&[])), unreadable("missing"));
    let twice = headers(&[("x-real-ip", "203.0.113.5"); 2]);
    assert_eq!(read(&named, &twice), unreadable("repeated"));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a line for each value")]
fn forwarded_counts_from_the_gateways_own_entry() {
    for (hops, fields, address) in [
        (1, &["203.0.113.5, 192.0.2.7"][..], "203.0.113.5"),
        (1, &["203.0.113.5,192.0.2.7"], "203.0.113.5"),
        (1, &["203.0.113.5", "192.0.2.7"], "203.0.113.5"),
        (1, &["a, 203.0.113.5 ,\t192.0.2.7 "], "203.0.113.5"),
        (1, &[",,,", "203.0.113.5, 192.0.2.7"], "203.0.113.5"),
        (1, &["\u{e9}", "203.0.113.5, 192.0.2.7"], "203.0.113.5"),
        (1, &["203.0.113.5:443, 192.0.2.7"], "203.0.113.5"),
        (1, &["[2001:db8::5]:443, 192.0.2.7"], "2001:db8::5"),
        (1, &["::ffff:203.0.113.5, ::ffff:192.0.2.7"], "203.0.113.5"),
        // The client's own entry comes before those of the proxies.
        (1, &["198.51.100.1, 203.0.113.5, 192.0.2.7"], "203.0.113.5"),
        (
            2,
            &["198.51.100.1, 203.0.113.5, 203.0.113.6, 192.0.2.7"],
            "203.0.113.5",
        ),
        (
            2,
            &["198.51.100.1", "203.0.113.5", "203.0.113.6, 192.0.2.7"],
            "203.0.113.5",
        ),
    ] {
        let fields: Vec<_> = fields
            .iter()
            .map(|field| ("x-forwarded-for", *field))
            .collect();
        let forwarded = mode(&format!("forwarded:{hops}"));
        assert_eq!(
            read(&forwarded, &headers(&fields)),
            ok(address),
            "{fields:?}"
        );
    }
    for (hops, fields, reason) in [
        (1, &[][..], "missing"),
        (1, &["192.0.2.7"], "too_few_entries"),
        (2, &["203.0.113.5, 192.0.2.7"], "too_few_entries"),
        (99, &["203.0.113.5, 192.0.2.7"], "too_few_entries"),
        (1, &[""], "last_entry_is_not_the_gateways"),
        (1, &["203.0.113.5"], "last_entry_is_not_the_gateways"),
        (
            1,
            &["192.0.2.7, 203.0.113.5"],
            "last_entry_is_not_the_gateways",
        ),
        (
            1,
            &["192.0.2.7", "203.0.113.5"],
            "last_entry_is_not_the_gateways",
        ),
        (
            1,
            &["203.0.113.5, 192.0.2.7,"],
            "last_entry_is_not_the_gateways",
        ),
        (
            1,
            &["203.0.113.5, 192.0.2.7:443"],
            "last_entry_is_not_the_gateways",
        ),
        (1, &[", 192.0.2.7"], "malformed"),
        (1, &["203.0.113.5,, 192.0.2.7"], "malformed"),
        (1, &["unknown, 192.0.2.7"], "malformed"),
        (1, &["203.0.113.5;a, 192.0.2.7"], "malformed"),
        (1, &["fe80::1%eth0, 192.0.2.7"], "malformed"),
        (1, &["\u{e9}, 192.0.2.7"], "malformed"),
    ] {
        let fields: Vec<_> = fields
            .iter()
            .map(|field| ("x-forwarded-for", *field))
            .collect();
        let forwarded = mode(&format!("forwarded:{hops}"));
        let headers = headers(&fields);
        assert_eq!(read(&forwarded, &headers), unreadable(reason), "{fields:?}");
    }
    let forwarded = mode("forwarded:1");
    let without_connection = headers(&[("x-forwarded-for", "203.0.113.5, 192.0.2.7")]);
    assert_eq!(forwarded.resolve(&without_connection, None), None);
}

#[test]
fn a_request_without_the_proxy_secret_is_identified_by_its_connection() {
    let guarded = settings(&[
        ("CLIENT_ADDRESS", "header:x-real-ip"),
        ("PROXY_SECRET_SHA256", DIGEST),
    ])
    .unwrap();
    let with = |secrets: &[&'static str]| {
        let mut fields = vec![("x-real-ip", "203.0.113.5")];
        fields.extend(secrets.iter().map(|secret| (proxy::HEADER, *secret)));
        read(&guarded, &headers(&fields))
    };
    assert_eq!(with(&["correct horse"]), ok("203.0.113.5"));
    assert_eq!(with(&[" correct horse\t"]), ok("203.0.113.5"));
    for secrets in [
        &[][..],
        &[""],
        &["correct hors"],
        &["Correct horse"],
        &["correct horse, correct horse"],
        &["correct horse", "correct horse"],
        &[DIGEST],
        &["\u{e9}"],
    ] {
        assert_eq!(with(secrets), Err("direct".to_owned()), "{secrets:?}");
    }
    // With the secret, an unreadable address is still not guessed.
    let unread = headers(&[(proxy::HEADER, "correct horse"), ("x-real-ip", "?")]);
    assert_eq!(read(&guarded, &unread), unreadable("malformed"));
}

#[test]
fn the_secret_can_be_changed_while_both_are_accepted() {
    let digests = format!("{NEXT_DIGEST},{}", DIGEST.to_uppercase());
    let guarded = settings(&[
        ("CLIENT_ADDRESS", "header:x-real-ip"),
        ("PROXY_SECRET_SHA256", &digests),
    ])
    .unwrap();
    let fields = [
        (proxy::HEADER, "correct horse"),
        ("x-real-ip", "203.0.113.5"),
    ];
    assert_eq!(read(&guarded, &headers(&fields)), ok("203.0.113.5"));
}

#[test]
fn an_address_is_a_claim_while_nothing_proves_that_the_proxy_wrote_it() {
    let guarded = [
        ("CLIENT_ADDRESS", "cloudfront"),
        ("PROXY_SECRET_SHA256", DIGEST),
    ];
    assert!(!settings(&guarded).unwrap().is_claim());
    assert!(!mode("connection").is_claim());
    for claim in ["cloudfront", "forwarded:1", "header:x-real-ip"] {
        assert!(mode(claim).is_claim(), "{claim}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a line for each value")]
fn a_setting_without_effect_stops_the_start() {
    for accepted in [
        "forwarded:1",
        "forwarded:99",
        "header:a",
        "header:X_Client.Ip",
    ] {
        assert!(
            settings(&[("CLIENT_ADDRESS", accepted)]).is_ok(),
            "{accepted}"
        );
    }
    for refused in [
        "Connection",
        "CloudFront-Viewer-Address",
        "cloudfront ",
        "forwarded",
        "forwarded:",
        "forwarded:0",
        "forwarded:+1",
        "forwarded:-1",
        "forwarded:100",
        "forwarded:256",
        "forwarded:1.5",
        "header",
        "header:",
        "header:two words",
        "header:a:b",
        "header:\u{e9}",
        "x-real-ip",
    ] {
        assert_eq!(
            settings(&[("CLIENT_ADDRESS", refused)]).unwrap_err(),
            "CLIENT_ADDRESS must be `connection`, `cloudfront`, `forwarded:N` (N from 1 to 99) or `header:NAME`",
            "{refused}"
        );
    }
    let sentences = [
        settings(&[("CLIENT_ADDRESS", "header:CloudFront-Viewer-Address")]),
        settings(&[("CLIENT_ADDRESS", "header:X-Forwarded-For")]),
        settings(&[("CLIENT_ADDRESS", "header:Forwarded")]),
        settings(&[("CLIENT_ADDRESS", "header:x-gatehouse-proxy-secret")]),
        settings(&[("PROXY_SECRET_SHA256", DIGEST)]),
        settings(&[
            ("CLIENT_ADDRESS", "cloudfront"),
            ("PROXY_SECRET_SHA256", "correct horse"),
        ]),
    ];
    let sentences = sentences.map(Result::unwrap_err);
    insta::assert_snapshot!(sentences.join("\n"), @"
    CLIENT_ADDRESS must be `cloudfront` to read CloudFront-Viewer-Address
    CLIENT_ADDRESS must be `forwarded:N` to read X-Forwarded-For
    CLIENT_ADDRESS must be `header:` and the name of a header that holds one address
    CLIENT_ADDRESS must be `header:` and the name of a header that holds one address
    PROXY_SECRET_SHA256 must be empty while CLIENT_ADDRESS is `connection`: it would have no effect
    PROXY_SECRET_SHA256 must be the SHA-256 of the proxy's secret in 64 hexadecimal digits, or two of them separated by a comma
    ");
    let three = [DIGEST; 3].join(",");
    let comma = format!("{DIGEST},");
    let sign = format!("+{}", DIGEST.get(1..).unwrap());
    for refused in [
        &three,
        &comma,
        &sign,
        DIGEST.get(1..).unwrap(),
        &format!("{DIGEST}0"),
    ] {
        let pairs = [
            ("CLIENT_ADDRESS", "cloudfront"),
            ("PROXY_SECRET_SHA256", refused),
        ];
        assert_eq!(
            settings(&pairs).unwrap_err(),
            "PROXY_SECRET_SHA256 must be the SHA-256 of the proxy's secret in 64 hexadecimal digits, or two of them separated by a comma",
            "{refused}"
        );
    }
}
