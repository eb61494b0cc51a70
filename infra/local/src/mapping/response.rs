//! What a function says about the records of an event.

use serde::Deserialize;

/// The records that failed, according to a function with `ReportBatchItemFailures`.
#[derive(Debug, Default, Deserialize)]
struct Report {
    #[serde(rename = "batchItemFailures", default)]
    failures: Option<Vec<Failure>>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    #[serde(rename = "itemIdentifier")]
    id: String,
}

/// Returns the failed ones of `known` records, or nothing if the whole batch counts as
/// failed, as it does after a report that is malformed or names an unknown record.
pub(super) fn failed(response: &[u8], known: &[&str]) -> Option<Vec<String>> {
    let is_empty = [&b""[..], b"null", b"\"\""].contains(&response.trim_ascii());
    let report = if is_empty {
        Report::default()
    } else {
        serde_json::from_slice::<Report>(response).ok()?
    };
    let failures = report.failures.unwrap_or_default().into_iter();
    let ids: Vec<String> = failures.map(|failure| failure.id).collect();
    let all_known = ids.iter().all(|id| known.contains(&id.as_str()));
    all_known.then_some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_the_failed_records_or_fails_the_batch() {
        let known = ["a", "b"];
        let failed = |response: &str| failed(response.as_bytes(), &known);
        for response in [
            "",
            "null",
            "{}",
            r#"{"batchItemFailures":[]}"#,
            r#"{"batchItemFailures":null}"#,
        ] {
            assert_eq!(failed(response).unwrap(), [""; 0], "{response}");
        }
        let one = r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#;
        assert_eq!(failed(one).unwrap(), ["b"]);
        for response in [
            "1",
            r#"{"batchItemFailures":[{"itemIdentifier":"c"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"id":"a"}]}"#,
        ] {
            assert_eq!(failed(response), None, "{response}");
        }
    }
}
