use std::path::Path;

use super::*;

/// What a runtime does, with curl: an event in, a call to DynamoDB, a response out.
const RUNTIME: &str = r#"
    api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
    while curl -fsS "$api/invocation/next" > "$DIRECTORY/event"; do
        curl -sS --cacert "$SSL_CERT_FILE" "$AWS_ENDPOINT_URL" \
            -H "X-Amz-Target: DynamoDB_20120810.GetItem" \
            -d '{"TableName":"SigningKeys","Key":{"pk":{"S":"jwks"}}}' > "$DIRECTORY/item"
        curl -fsS -d "$(cat "$DIRECTORY/event" "$DIRECTORY/item")" \
            "$api/invocation/1/response"
    done"#;

fn bench(directory: &Path, script: &str) -> Bench {
    let authority = Authority::create(&directory.join("certificates")).unwrap();
    let (_, items) = Fixture::create(Timestamp::from_unix(1_800_000_000)).unwrap();
    let aws = AwsStandIn::start(&authority.server().unwrap(), items).unwrap();
    let mut environment = environment(&aws.url(), &authority);
    let shown = directory.to_string_lossy().into_owned();
    environment.push(("DIRECTORY".to_owned(), shown));
    let arguments = "--cold 2 --warm 3 --warm-rounds 1".split_whitespace();
    Bench {
        arguments: Arguments::parse(arguments.map(str::to_owned)).unwrap(),
        aws: Arc::new(aws),
        pinning: Pinning::Off,
        share: Err(io::ErrorKind::PermissionDenied.into()),
        subjects: vec![Subject {
            name: "script".to_owned(),
            program: "/bin/bash".into(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            environment,
            event: "an event".to_owned(),
            expected: "an event{\"Item\"",
            is_binary: false,
            memory_mb: 128,
            has_route: false,
        }],
        log: directory.join("log.txt"),
    }
}

#[test]
fn a_process_is_measured_through_the_runtime_api_and_its_calls_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let results = bench(directory.path(), RUNTIME).run().unwrap();
    let samples = &results.measured[0].samples;
    let warm: Vec<usize> = samples.iter().map(|sample| sample.warm.len()).collect();
    assert_eq!(warm, [3, 0]);
    for sample in samples {
        assert!(sample.init_cpu > Duration::ZERO && sample.init_cpu < sample.init);
        assert_eq!(sample.cold_counts["GetItem"].calls, 1);
        assert!(sample.peak_memory > Some(1000));
    }
    assert_eq!(samples[0].warm_counts["GetItem"].calls, 3);
    let text = results.text();
    assert!(
        text.contains("| script | GetItem | warm call | 1.000 |"),
        "{text}"
    );
    assert!(text.contains("no control group could be created"), "{text}");
}

#[test]
fn an_unexpected_response_and_an_early_end_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    let wrong = RUNTIME.replace("DynamoDB_20120810.GetItem", "DynamoDB_20120810.Scan");
    let error = bench(directory.path(), &wrong)
        .run()
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("script: call 1 came to"), "{error}");
    let error = bench(directory.path(), "exit 3")
        .run()
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("script ended with exit status: 3"),
        "{error}"
    );
}
