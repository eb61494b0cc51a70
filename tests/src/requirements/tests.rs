use super::*;

const LIST: &str = r#"
    [[part]]
    title = "Names"
    [[part.requirement]]
    number = 1
    text = "A name is unique."
    source = "RFC 1"
    tests = ["a_name_is_unique"]
"#;

fn list() -> Requirements {
    toml::from_str(LIST).unwrap()
}

#[test]
fn a_test_counts_only_if_it_has_passed() {
    for log in [
        "test names::a_name_is_unique ... ok",
        "test a_name_is_unique ... ok",
        "test names::a_name_is_unique ... warning: something\nok",
    ] {
        assert!(list().not_passed(log).is_empty(), "{log}");
    }
    for log in [
        "",
        "test names::a_name_is_unique ... ignored",
        "test names::a_name_is_unique ... ignored, takes minutes\nok",
        "test names::a_name_is_unique ... FAILED",
        "test names::a_name_is_uniqu ... ok",
        "test names::not_a_name_is_unique ... ok",
        "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out",
        "test names::a_name_is_unique ... \ntest names::another ... ok",
    ] {
        assert_eq!(list().not_passed(log), ["a_name_is_unique"], "{log}");
    }
}

#[test]
fn a_test_that_is_misspelt_ignored_or_there_twice_is_reported() {
    let reported = |source: &str| {
        let mut declared = BTreeMap::new();
        read_source(source, &mut declared);
        list().disagreements(&declared).join("\n")
    };
    let test = "#[test]\nfn a_name_is_unique() {}\n";
    assert_eq!(reported(test), "");
    let asynchronous = "#[tokio::test]\nasync fn a_name_is_unique() -> Result {}\n";
    assert_eq!(reported(asynchronous), "");
    let missing = "1: a_name_is_unique does not exist";
    assert_eq!(reported(""), missing);
    assert_eq!(reported("fn a_name_is_unique() {}"), missing);
    assert_eq!(reported(&test.replace("unique", "unique_x")), missing);
    assert_eq!(
        reported(&format!("#[ignore = \"slow\"]\n{test}")),
        "1: a_name_is_unique is ignored"
    );
    assert_eq!(
        reported(&test.repeat(2)),
        "1: a_name_is_unique is the name of several tests"
    );
}

#[test]
fn a_requirement_without_a_test_needs_a_decision() {
    let without = LIST.replace("\"a_name_is_unique\"", "");
    let list: Requirements = toml::from_str(&without).unwrap();
    assert_eq!(
        list.disagreements(&BTreeMap::new()),
        ["1: there is no test"]
    );
    let superseded = format!("{without}\nsuperseded = \"0001-no-names\"");
    let list: Requirements = toml::from_str(&superseded).unwrap();
    assert!(list.disagreements(&BTreeMap::new()).is_empty());
}
