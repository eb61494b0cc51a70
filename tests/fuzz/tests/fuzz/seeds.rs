//! Seeds: what clients, gateways and other systems really send, with test keys.

use std::fs;

use gatehouse_fuzz::{ENDPOINTS, access_token, published_keys, test_refresh_token};
use gatehouse_tests::binaries::root;
use serde_json::{Value, json};

/// The name of a file, and what is in it.
pub(crate) type Seed = (String, Vec<u8>);

/// Returns the seeds of a target.
pub(crate) fn seeds(target: &str) -> Vec<Seed> {
    match target {
        "bearer" => bearer(),
        "body" => body(),
        "cookies" => cookies(),
        "event" => event(),
        "jwk_set" => jwk_set(),
        "password_hash" => password_hash(),
        "refresh_token" => refresh_token(),
        "template" => template(),
        "users" => users(),
        other => unreachable!("{other} has no seeds"),
    }
}

/// Numbers texts that have no names.
fn numbered(texts: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Vec<Seed> {
    let named = |(number, text): (usize, _)| (format!("seed_{number:02}"), text);
    let texts = texts.into_iter().map(Into::into);
    texts.enumerate().map(named).collect()
}

fn bearer() -> Vec<Seed> {
    let token = access_token();
    let (parts, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = parts.split_once('.').unwrap();
    let (header, payload) = (decoded(header), decoded(payload));
    let claims: Value = serde_json::from_str(&payload).unwrap();
    let changed = |change: fn(&mut Value)| {
        let mut claims = claims.clone();
        change(&mut claims);
        format!("{claims}\n{header}")
    };
    numbered([
        format!("Bearer {token}"),
        format!("bearer   {token}"),
        format!("Bearer {token}\nBearer {token}"),
        format!("Bearer {parts}."),
        format!("Bearer eyJhbGciOiJub25lIn0.e30.{signature}"),
        "Basic dTpw".to_owned(),
        format!("{payload}\n{header}"),
        format!("{payload}\n{}", header.replace("EdDSA", "none")),
        changed(|claims| claims["aud"] = json!(["gatehouse", "other"])),
        changed(|claims| claims["exp"] = json!(1)),
        changed(|claims| claims["nbf"] = json!(1_800_000_000)),
        changed(|claims| claims["roles"] = json!([])),
        changed(|claims| claims["scope"] = json!("")),
        changed(|claims| claims["ver"] = json!(-1)),
        changed(|claims| drop(claims.as_object_mut().unwrap().remove("scope"))),
    ])
}

fn body() -> Vec<Seed> {
    let endpoints = ENDPOINTS.into_iter().map(|endpoint| {
        let body = with_tokens(endpoint.valid);
        format!("{}\n{body}", endpoint.name)
    });
    let invalid = [
        "POST /login json\n",
        "POST /login json\n{\"username\":\"a\",\"username\":\"b\",\"password\":\"x\"}",
        "POST /login json\n{\"username\":7,\"password\":null}",
        "POST /register json\n{\"username\":\"Zo\\u00eb\",\"password\":\"p\",\"email\":\"a@b\"}",
        "POST /refresh form\ngrant_type=password&grant_type=refresh_token",
        "POST /introspect form\ntoken=a%20b&client_secret=%ff",
        "POST /logout json\n{\"scope\":[\"global\"]}",
        "PATCH /admin/users/{id} json\n{\"roles\":\"admin\",\"x\":1}",
    ];
    numbered(endpoints.chain(invalid.map(str::to_owned)))
}

fn cookies() -> Vec<Seed> {
    let ours = format!("__Host-refresh_token={}", test_refresh_token());
    let origin = "https://app.example";
    numbered([
        format!("{origin}\n{ours}"),
        format!("{origin}\n{ours}\n{ours}"),
        format!("{origin}\n{ours}; a=b"),
        format!("{origin}\na=b\n{ours}"),
        format!("{origin}\n __Host-refresh_token = x "),
        format!("{origin}\n__host-refresh_token=x"),
        format!("{origin}\n__Host-refresh_token"),
        format!("https://evil.example\n{ours}"),
        format!("null\n{ours}"),
        format!("\n{ours}"),
        origin.to_owned(),
    ])
}

/// The events of the documentation.
fn event() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for folder in fs::read_dir(root().join("events")).unwrap() {
        let folder = folder.unwrap();
        if !folder.file_type().unwrap().is_dir() {
            continue;
        }
        let function = folder.file_name().into_string().unwrap();
        for file in fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap().path();
            let Ok(event) = serde_json::from_slice::<Value>(&fs::read(&file).unwrap()) else {
                continue;
            };
            let event = with_tokens(&event.to_string());
            // A body that is too large is as good a seed as any other large one.
            if event.len() <= 8 * 1024 {
                let case = file.file_stem().unwrap().to_str().unwrap();
                seeds.push((format!("{function}_{case}"), event.into_bytes()));
            }
        }
    }
    seeds
}

fn jwk_set() -> Vec<Seed> {
    let published = published_keys();
    let keys = published["keys"].as_array().unwrap();
    let mut sets = vec![
        published.clone(),
        json!({ "keys": [] }),
        json!({ "keys": [keys[0], keys[0]] }),
    ];
    for key in keys {
        sets.push(json!({ "keys": [key] }));
        let mut changed = key.clone();
        changed["key_ops"] = json!(["verify"]);
        changed["d"] = json!("AA");
        sets.push(json!({ "keys": [changed] }));
    }
    numbered(sets.iter().map(Value::to_string))
}

/// The hashes that other libraries made for the tests of imports.
fn password_hash() -> Vec<Seed> {
    let made = fs::read(root().join("shared/auth/tests/hashes/made.json")).unwrap();
    let made: Vec<Value> = serde_json::from_slice(&made).unwrap();
    let hashes = made
        .iter()
        .map(|made| made["hash"].as_str().unwrap().to_owned());
    let dear = [
        "$argon2id$v=19$m=4294967295,t=4294967295,p=255$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$2b$31$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2",
        "scrypt:1073741824:8:1$salt$AAAA",
        "pbkdf2:sha256:4000000000$salt$00112233445566778899aabbccddeeff",
        "$6$rounds=999999999$salt$hash",
    ];
    numbered(hashes.chain(dear.map(str::to_owned)))
}

fn refresh_token() -> Vec<Seed> {
    let token = test_refresh_token();
    let ids = |with: &[u8]| [&[1; 16][..], &[2; 16], &[0, 0, 0, 3], with].concat();
    let texts = [
        token.as_bytes().to_vec(),
        token.to_uppercase().into_bytes(),
        format!("{token}A").into_bytes(),
        token.as_bytes()[..40].to_vec(),
        b"gh_rt_".to_vec(),
        token.replace("gh_rt_", "gh_cs_").into_bytes(),
        vec![0xff; 110],
    ];
    numbered(
        texts
            .into_iter()
            .chain([ids(b""), ids(b"\x10A"), ids(b"\x6d_")]),
    )
}

/// Templates as small as possible, and the examples.
fn template() -> Vec<Seed> {
    let mut texts: Vec<String> = [
        "Resources: {}",
        "Parameters:\n  P:\n    Type: Number\n    Default: 7\n    MinValue: 1\nResources: {}\n",
        "Parameters:\n  P:\n    Type: String\n    Default: ab\n    AllowedPattern: \"[a-z]+\"\nResources: {}\n",
        "Conditions:\n  C: !Not [!Equals [!Ref P, \"\"]]\nParameters:\n  P:\n    Type: String\n    Default: \"\"\n",
        "Rules:\n  R:\n    Assertions:\n      - Assert: !Contains [[a, b], !Ref P]\n        AssertDescription: no\nParameters: { P: { Type: String, Default: a } }\n",
        "A: [!GetAtt B.Arn, { 'Fn::GetAtt': B.Arn }, !Sub 'a-${B}', !If [C, 1, 2]]",
        "Resources:\n  T:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      TableName: t\n      BillingMode: PAY_PER_REQUEST\n      KeySchema: [{ AttributeName: pk, KeyType: HASH }]\n      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]\n",
        "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties: { VisibilityTimeout: 60 }\n",
        "{\"Resources\": {\"A\": {\"Type\": \"AWS::SNS::Topic\"}}}",
        "a: &a b\nc: *a\n",
    ]
    .map(str::to_owned)
    .into();
    for file in fs::read_dir(root().join("infra/examples")).unwrap() {
        let file = file.unwrap().path();
        if file
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            texts.push(fs::read_to_string(file).unwrap());
        }
    }
    texts.push(fs::read_to_string(root().join("infra/template.yaml")).unwrap());
    numbered(texts)
}

fn users() -> Vec<Seed> {
    let hash = "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2";
    let line = json!({
        "id": "42",
        "username": "ada",
        "email": "ada@example.org",
        "email_verified": true,
        "password_hash": hash,
        "roles": ["admin", "user"],
        "status": "disabled",
        "token_version": 3,
        "created_at": "2024-01-15T08:00:00Z",
    });
    let django = json!({
        "model": "auth.user",
        "pk": 1,
        "fields": {"username": "ada", "password": hash, "is_active": true, "date_joined": "2024-01-15T08:00:00Z"},
    });
    numbered([
        line.to_string(),
        format!("{line}\n\n{{\"username\":\"eve\"}}\r\n{line}"),
        format!("[{line},\n{{\"username\":\"grace\",\"roles\":\"user admin\"}}]"),
        format!("[{django}]"),
        r#"{"username":"lin","roles":[],"external_id":"NULL"}"#.to_owned(),
        json!({"username": "mo", "id": {"$oid": "507f1f77bcf86cd799439011"}, "created_at": {"$date": 1_705_305_600_000_i64}}).to_string(),
        format!("username,email,password_hash\nada,ada@example.org,{hash}\n"),
        format!("sep=;\r\nusername;password_hash;roles\r\nada;{hash};\"admin user\"\r\n"),
        "id,username,created_at,external_id\n7,ada,2024-01-15 08:00:00.123456+00,NULL\n".to_owned(),
        "username\temail\n\"a\"\"b\"\t\\N\n".to_owned(),
        "#TYPE System.Object\n\"username\",\"status\"\n\"ada\",\"0\"\n".to_owned(),
        "\u{feff}username\nZo\u{eb}\n".to_owned(),
        "username\rada\reve\r".to_owned(),
    ])
}

fn decoded(part: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part);
    String::from_utf8(bytes.unwrap()).unwrap()
}

/// Replaces the words that stand for tokens.
fn with_tokens(text: &str) -> String {
    let subject = gatehouse_testing::subject("ada");
    text.replace("ACCESS_TOKEN", access_token())
        .replace("REFRESH_TOKEN", test_refresh_token())
        .replace("SUBJECT", subject.as_str())
}
