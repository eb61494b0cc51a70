//! Streams, queues and event source mappings.

use std::time::Duration;

use super::super::{EventSource, MappingSpec, StartingPosition, Template, TemplateError};
use super::resolve;

const MESSAGES: &str = include_str!("../../../tests/messages.yaml");

fn with_mail(text: &str) -> Result<Template, TemplateError> {
    resolve(text, &[("MailFrom", "auth@example.org")])
}

#[test]
fn a_condition_decides_whether_there_are_streams_queues_and_mappings() {
    let template = resolve(MESSAGES, &[]).unwrap();
    assert!(template.queues.is_empty() && template.mappings.is_empty());
    assert!(template.tables.is_empty() && !template.needs_services());
    let template = with_mail(MESSAGES).unwrap();
    let stream = template.tables[0].stream().unwrap();
    assert_eq!(stream["StreamViewType"], "NEW_IMAGE");
    assert_eq!(stream["StreamEnabled"], true);
    assert_eq!((template.queues.len(), template.mappings.len()), (2, 2));
    assert!(template.needs_services());
}

#[test]
fn queues_have_delays_timeouts_and_a_dead_letter_queue() {
    let template = with_mail(MESSAGES).unwrap();
    let retry = &template.queues[0];
    assert_eq!(retry.id, "MailRetryQueue");
    assert_eq!(retry.name, "gatehouse-local-mail-retry");
    assert_eq!(retry.delay, Duration::from_secs(30));
    assert_eq!(retry.visibility, Duration::from_mins(1));
    assert_eq!(retry.retention, Duration::from_hours(336));
    let redrive = retry.redrive.as_ref().unwrap();
    assert_eq!(redrive.queue, "gatehouse-local-mail-dead");
    assert_eq!(redrive.max_receives, 2);
    let dead = &template.queues[1];
    assert_eq!(dead.delay, Duration::ZERO);
    assert_eq!(dead.visibility, Duration::from_secs(30));
}

#[test]
fn mappings_connect_a_stream_and_a_queue_to_a_function() {
    let template = with_mail(MESSAGES).unwrap();
    let [stream, queue] = template.mappings.as_slice() else {
        panic!("{:?}", template.mappings);
    };
    let expected = MappingSpec {
        id: "MailStreamMapping".to_owned(),
        function: "function".to_owned(),
        source: EventSource::Stream {
            table: "gatehouse-local-outbox".to_owned(),
            start: StartingPosition::TrimHorizon,
        },
        batch_size: 10,
        window: Duration::ZERO,
        filters: stream.filters.clone(),
        reports_failures: false,
        concurrency: 5,
    };
    assert_eq!((stream, stream.filters.len()), (&expected, 1));
    let source = EventSource::Queue("gatehouse-local-mail-retry".to_owned());
    assert_eq!(queue.source, source);
    assert!(queue.reports_failures && queue.filters.is_empty());
    assert_eq!(queue.concurrency, 2);
    let disabled = MESSAGES.replace(
        "      StartingPosition: TRIM_HORIZON\n",
        "      StartingPosition: LATEST\n      Enabled: false\n",
    );
    assert_eq!(with_mail(&disabled).unwrap().mappings.len(), 1);
}

#[test]
fn a_function_reads_the_url_of_a_queue() {
    let template = with_mail(MESSAGES).unwrap();
    assert_eq!(
        template.functions[0].environment["MAIL_RETRY_QUEUE_URL"],
        "http://localhost:3000/_gatehouse/aws/sqs/000000000000/gatehouse-local-mail-retry"
    );
}

#[test]
fn what_the_local_stack_would_ignore_is_an_error_with_its_line() {
    for (old, new, expected) in [
        (
            "      StartingPosition: TRIM_HORIZON\n",
            "      StartingPosition: TRIM_HORIZON\n      BisectBatchOnFunctionError: true\n",
            "does not support BisectBatchOnFunctionError of MailStreamMapping",
        ),
        (
            "MaximumRetryAttempts: -1",
            "MaximumRetryAttempts: 3",
            "only supports -1",
        ),
        (
            "StartingPosition: TRIM_HORIZON",
            "StartingPosition: AT_TIMESTAMP",
            "TRIM_HORIZON or LATEST",
        ),
        (
            "EventSourceArn: !GetAtt OutboxTable.StreamArn",
            "EventSourceArn: !GetAtt OutboxTable.Arn",
            "the stream of a table, or a queue",
        ),
        (
            "      StreamSpecification: { StreamViewType: NEW_IMAGE }\n",
            "",
            "the stream of a table, or a queue",
        ),
        (
            "FunctionName: !Ref Function",
            "FunctionName: other",
            "other is not a function",
        ),
        (
            "[{\"exists\":true}]",
            "[{\"numeric\":[]}]",
            "this rule of S",
        ),
        (
            "DelaySeconds: 30",
            "FifoQueue: true",
            "does not support FifoQueue of MailRetryQueue",
        ),
        (
            "deadLetterTargetArn: !GetAtt MailDeadQueue.Arn",
            "deadLetterTargetArn: arn:aws:sqs:us-east-1:1:other",
            "MailRetryQueue has a dead-letter queue that is not in the template",
        ),
        (
            "      FunctionResponseTypes:",
            "      FilterCriteria: { Filters: [{ Pattern: '{}' }] }\n      FunctionResponseTypes:",
            "filters on a queue",
        ),
    ] {
        assert!(MESSAGES.contains(old), "{old}");
        let error = with_mail(&MESSAGES.replacen(old, new, 1)).unwrap_err();
        assert!(error.problem.contains(expected), "{error}");
    }
}
