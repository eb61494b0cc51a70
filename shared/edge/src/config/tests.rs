use std::time::Duration;

use gatehouse_auth::role::{GrantableRoles, Roles};

use super::*;

const ISSUER: (&str, &str) = ("ISSUER", "https://auth.example.com");

fn with(pairs: &[(&'static str, &'static str)]) -> Environment {
    Environment::from_pairs(pairs.iter().copied())
}

#[test]
fn missing_and_empty_settings_take_their_defaults() {
    for environment in [
        with(&[ISSUER]),
        with(&[
            ISSUER,
            ("CLIENT_ID", ""),
            ("ROLE_SCOPES", ""),
            ("KEY_CACHE_SECONDS", ""),
        ]),
    ] {
        let issuer = IssuerSettings::from_environment(&environment).unwrap();
        assert_eq!(issuer.issuer, "https://auth.example.com");
        assert_eq!(
            (issuer.audience.as_str(), issuer.client_id.as_str()),
            ("gatehouse", "gatehouse")
        );
        assert_eq!(issuer.access_ttl, Duration::from_mins(15));
        let verifier = VerifierSettings::from_environment(&environment).unwrap();
        assert_eq!(verifier.key_cache, Duration::from_secs(10));
        let of = |roles: [&str; 1]| {
            let scopes = issuer.role_scopes.scopes_of(&Roles::parse(roles).unwrap());
            scopes.to_string()
        };
        assert_eq!(of(["user"]), "profile");
        assert_eq!(of(["admin"]), "admin introspect profile");
    }
    let grantable = grantable_roles(&with(&[("GRANTABLE_ROLES", "")])).unwrap();
    assert_eq!(grantable, GrantableRoles::Own);
    let session = SessionSettings::from_environment(&with(&[])).unwrap();
    assert_eq!(session.idle, Duration::from_hours(14 * 24));
    assert_eq!(session.absolute, Duration::from_hours(30 * 24));
    assert_eq!(session.grace, Duration::from_secs(30));
    let registration = RegistrationSettings::from_environment(&with(&[])).unwrap();
    assert_eq!(
        (registration.open, registration.password_min_length),
        (true, 15)
    );
    let hash = HashSettings::from_environment(&with(&[])).unwrap();
    assert_eq!(
        (hash.memory_kib, hash.iterations, hash.permits),
        (19_456, 2, 1)
    );
}

#[test]
fn an_invalid_setting_stops_the_start_and_is_named() {
    let issuer = |pairs| {
        IssuerSettings::from_environment(&with(pairs))
            .unwrap_err()
            .to_string()
    };
    let session = |pairs| {
        SessionSettings::from_environment(&with(pairs))
            .unwrap_err()
            .to_string()
    };
    let account = |pairs| {
        RegistrationSettings::from_environment(&with(pairs))
            .unwrap_err()
            .to_string()
    };
    let sentences = [
        issuer(&[]),
        issuer(&[ISSUER, ("ACCESS_TOKEN_TTL_SECONDS", "59")]),
        issuer(&[ISSUER, ("AUDIENCE", "two words")]),
        issuer(&[ISSUER, ("ROLE_SCOPES", r#"{"Admin":[]}"#)]),
        grantable_roles(&with(&[("GRANTABLE_ROLES", "user, admin")]))
            .unwrap_err()
            .to_string(),
        session(&[("REFRESH_GRACE_SECONDS", "61")]),
        session(&[("REFRESH_GRACE_SECONDS", "28")]),
        session(&[("REFRESH_IDLE_TTL_SECONDS", "-1")]),
        account(&[("REGISTRATION", "Closed")]),
        account(&[("PASSWORD_MIN_LENGTH", "7")]),
        with(&[]).table("USERS_TABLE").unwrap_err().to_string(),
        with(&[("USERS_TABLE", "a b c")])
            .table("USERS_TABLE")
            .unwrap_err()
            .to_string(),
    ];
    insta::assert_snapshot!(sentences.join("\n"), @"
    ISSUER is not set
    ACCESS_TOKEN_TTL_SECONDS must be a whole number from 60 to 3600
    AUDIENCE must be at most 128 printable ASCII characters without spaces
    ROLE_SCOPES is invalid
    GRANTABLE_ROLES must be at most 32 roles, separated by commas without spaces
    REFRESH_GRACE_SECONDS must be 0, or a whole number from 29 to 60
    REFRESH_GRACE_SECONDS must be 0, or a whole number from 29 to 60
    REFRESH_IDLE_TTL_SECONDS must be a whole number from 300 to 31536000
    REGISTRATION must be `open` or `closed`
    PASSWORD_MIN_LENGTH must be a whole number from 8 to 64
    USERS_TABLE is not set
    USERS_TABLE must be the name or the ARN of a table
    ");
}

#[test]
fn an_issuer_is_an_https_url_or_a_local_one() {
    let read =
        |url| VerifierSettings::from_environment(&Environment::from_pairs([("ISSUER", url)]));
    for valid in [
        "https://a.example",
        "https://a.example/auth",
        "http://localhost:3000",
        "http://127.0.0.1:1",
        "http://id.execute-api.localhost:4566",
    ] {
        assert!(read(valid).is_ok(), "{valid}");
    }
    for bad in [
        "a.example",
        "http://a.example",
        "https://a.example/",
        "https://a.example?x",
        "https://a.example#x",
        "https://",
        "ftp://localhost",
        "http://localhost.evil.example",
    ] {
        let error = read(bad).unwrap_err().to_string();
        assert!(error.starts_with("ISSUER must be"), "{bad}: {error}");
    }
}

#[test]
fn one_hash_runs_for_each_whole_processor() {
    for (memory, permits) in [("128", 1), ("1769", 1), ("3538", 2)] {
        let environment = Environment::from_pairs([("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory)]);
        assert_eq!(
            HashSettings::from_environment(&environment)
                .unwrap()
                .permits,
            permits
        );
    }
}

#[cfg(feature = "tokens")]
#[test]
fn a_key_is_published_for_three_hours_before_it_signs_unless_set_otherwise() {
    let read = |pairs| RotationSettings::from_environment(&with(pairs));
    let settings = read(&[]).unwrap();
    assert_eq!(settings.min_pending, Duration::from_hours(3));
    assert_eq!(settings.algorithm.name(), "ES256");
    let settings = read(&[
        ("MIN_PENDING_SECONDS", "12"),
        ("SIGNING_ALGORITHM", "EdDSA"),
    ]);
    let settings = settings.unwrap();
    assert_eq!(settings.min_pending, Duration::from_secs(12));
    assert_eq!(settings.algorithm.name(), "EdDSA");
    let sentences = [
        read(&[("SIGNING_ALGORITHM", "HS256")]).unwrap_err(),
        read(&[("MIN_PENDING_SECONDS", "0")]).unwrap_err(),
        read(&[("ROTATION_DAYS", "366")]).unwrap_err(),
    ];
    let sentences = sentences.map(|error| error.to_string());
    insta::assert_snapshot!(sentences.join("\n"), @"
    SIGNING_ALGORITHM must be `ES256`, `EdDSA` or `RS256`
    MIN_PENDING_SECONDS must be a whole number from 1 to 604800
    ROTATION_DAYS must be a whole number from 0 to 365
    ");
}

/// The new key would sign before the other functions have read it.
#[cfg(feature = "tokens")]
#[test]
fn a_key_that_would_sign_before_verifiers_reread_stops_the_start() {
    let read = |pairs| RotationSettings::from_environment(&with(pairs));
    let error = |pairs| read(pairs).unwrap_err().to_string();
    assert_eq!(
        error(&[("MIN_PENDING_SECONDS", "9")]),
        "MIN_PENDING_SECONDS must be at least KEY_CACHE_SECONDS, which is 10: raise it, or lower KEY_CACHE_SECONDS"
    );
    assert_eq!(
        error(&[("MIN_PENDING_SECONDS", "299"), ("KEY_CACHE_SECONDS", "300")]),
        "MIN_PENDING_SECONDS must be at least KEY_CACHE_SECONDS, which is 300: raise it, or lower KEY_CACHE_SECONDS"
    );
    let equal = [("MIN_PENDING_SECONDS", "7"), ("KEY_CACHE_SECONDS", "7")];
    assert_eq!(read(&equal).unwrap().min_pending, Duration::from_secs(7));
}

#[test]
fn a_list_of_stolen_passwords_without_effect_stops_the_start() {
    const OWN: (&str, &str) = ("PWNED_PASSWORDS_URL", "https://pwned.example");
    const PUBLIC: (&str, &str) = ("PWNED_PASSWORDS_URL", "https://api.pwnedpasswords.com");
    let read = |pairs| BreachSettings::from_environment(&with(pairs));
    for off in [&[][..], &[PUBLIC], &[PUBLIC, ("PWNED_PASSWORDS", "off")]] {
        assert_eq!(read(off).unwrap().url, None);
    }
    for no_effect in [&[OWN][..], &[OWN, ("PWNED_PASSWORDS", "off")]] {
        assert_eq!(
            read(no_effect).unwrap_err().to_string(),
            "PWNED_PASSWORDS_URL must be https://api.pwnedpasswords.com while PWNED_PASSWORDS is `off`: it would have no effect"
        );
    }
    let checked = read(&[OWN, ("PWNED_PASSWORDS", "fail_closed")]).unwrap();
    let expected = BreachSettings {
        url: Some("https://pwned.example".to_owned()),
        fails_open: false,
    };
    assert_eq!(checked, expected);
}

#[test]
fn the_attempts_of_an_address_are_bounded() {
    let read = |value| {
        GuessSettings::from_environment(&Environment::from_pairs([(
            "ADDRESS_ATTEMPTS_PER_HOUR",
            value,
        )]))
    };
    for (value, attempts) in [("", 300), ("1", 1), ("1000000", 1_000_000)] {
        assert_eq!(read(value).unwrap().address_attempts_per_hour, attempts);
    }
    for refused in ["0", "1000001", "-1", "300.5", "many"] {
        assert_eq!(
            read(refused).unwrap_err().to_string(),
            "ADDRESS_ATTEMPTS_PER_HOUR must be a whole number from 1 to 1000000",
            "{refused}"
        );
    }
}

#[test]
fn the_mails_that_an_address_may_ask_for_are_bounded() {
    let read = |value| {
        let pairs = [("ADDRESS_MAILS_PER_HOUR", value)];
        MailRequestSettings::from_environment(&Environment::from_pairs(pairs))
    };
    for (value, mails) in [("", 30), ("1", 1), ("100000", 100_000)] {
        assert_eq!(read(value).unwrap().address_mails_per_hour, mails);
    }
    for refused in ["0", "100001", "-1", "2.5", "many"] {
        assert_eq!(
            read(refused).unwrap_err().to_string(),
            "ADDRESS_MAILS_PER_HOUR must be a whole number from 1 to 100000",
            "{refused}"
        );
    }
}
