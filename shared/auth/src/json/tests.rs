use proptest::prelude::*;
use serde_json::json;

use super::*;

fn nested(depth: usize) -> Vec<u8> {
    ["[".repeat(depth), "]".repeat(depth)].concat().into_bytes()
}

#[test]
fn every_kind_of_value_is_read() {
    let text = br#" {"a": [null, true, -1, 2, 0.5, "\u00e9"], "b": {"c": {}}} "#;
    let value = json!({"a": [null, true, -1, 2, 0.5, "\u{e9}"], "b": {"c": {}}});
    assert_eq!(parse(text, 3), Ok(value));
}

#[test]
fn a_member_named_twice_is_refused_at_every_level() {
    let twice = |name: &str| Err(JsonError::DuplicateMember(name.into()));
    assert_eq!(parse(br#"{"a":1,"b":2,"a":1}"#, 8), twice("a"));
    assert_eq!(parse(br#"[{"x":{"b":1,"b":2}}]"#, 8), twice("b"));
    assert_eq!(parse(br#"{"a":1,"\u0061":2}"#, 8), twice("a"));
    assert!(parse(br#"{"a":{"a":1},"A":[{"a":2},{"a":3}]}"#, 8).is_ok());
}

#[test]
fn nesting_is_allowed_up_to_the_limit() {
    assert_eq!(parse(b"1", 0), Ok(json!(1)));
    assert_eq!(parse(b"[]", 0), Err(JsonError::TooDeep));
    assert!(parse(&nested(8), 8).is_ok());
    assert_eq!(parse(&nested(9), 8), Err(JsonError::TooDeep));
    assert_eq!(parse(br#"{"a":{"b":[1]}}"#, 2), Err(JsonError::TooDeep));
}

#[test]
fn deep_nesting_overflows_no_stack() {
    for depth in [100, 100_000] {
        assert_eq!(parse(&nested(depth), 32), Err(JsonError::TooDeep));
        assert_eq!(parse(&vec![b'['; depth], 32), Err(JsonError::TooDeep));
        let objects = r#"{"a":"#.repeat(depth);
        assert_eq!(parse(objects.as_bytes(), 32), Err(JsonError::TooDeep));
    }
    assert_eq!(parse(&nested(100_000), usize::MAX), Err(JsonError::Syntax));
}

#[test]
fn text_that_is_not_json_is_rejected() {
    let cases: [&[u8]; 18] = [
        b"",
        b"{",
        b"{}{}",
        b"{} x",
        b"1,",
        b"[1,]",
        b"{'a':1}",
        b"{a:1}",
        b"NaN",
        b"Infinity",
        b"1e999",
        b"-1e999",
        b"01",
        b"\xef\xbb\xbf{}",
        b"\"\xff\"",
        br#""\ud800""#,
        b"\"a\nb\"",
        b"\0",
    ];
    for case in cases {
        assert_eq!(parse(case, 8), Err(JsonError::Syntax), "{case:?}");
    }
}

proptest! {
    #![proptest_config(crate::property::config())]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, 8);
    }

    #[test]
    fn what_it_accepts_is_what_serde_json_reads(text in r#"[\[\]{}",:0-9ae. -]{0,40}"#) {
        if let Ok(value) = parse(text.as_bytes(), 32) {
            prop_assert_eq!(value, serde_json::from_str::<Value>(&text).unwrap());
        }
    }
}
