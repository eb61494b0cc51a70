use std::io::{BufRead as _, BufReader, PipeReader};
use std::time::Instant;

use serde_json::Value;

use super::*;

/// A queue in front of a pipe that nobody reads yet.
fn unread() -> (Queue, PipeReader) {
    let (reader, writer) = io::pipe().unwrap();
    (Queue::start(writer).unwrap(), reader)
}

/// Writes lines of a kilobyte, together more than the pipe and the queue hold.
fn overflow(queue: &Queue, kind: Kind) {
    push(queue, kind, 1000);
}

/// Writes numbered lines of a kilobyte.
fn push(queue: &Queue, kind: Kind, count: usize) {
    for number in 0..count {
        let mut line = json!({ "kind": format!("{kind:?}"), "number": number, "text": "" });
        let text = "x".repeat(LINE - 1 - line.to_string().len());
        line["text"] = text.into();
        queue.push(kind, format!("{line}\n").as_bytes());
    }
}

/// Bytes of a line.
const LINE: usize = 1024;
/// Bytes that a pipe of Linux holds.
const PIPE: usize = 64 * 1024;

/// Reads lines until the one that says what was lost.
fn drain(reader: PipeReader) -> (Vec<Value>, Value) {
    let mut lines = Vec::new();
    for line in BufReader::new(reader).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if line["lost"].is_object() {
            return (lines, line);
        }
        lines.push(line);
    }
    panic!("nothing reports what was lost");
}

#[tokio::test]
async fn a_log_that_nobody_reads_delays_one_response_a_moment_and_the_next_ones_not_at_all() {
    let (queue, _reader) = unread();
    overflow(&queue, Kind::Audit);
    let started = Instant::now();
    queue.flush(Duration::from_millis(50)).await;
    assert!(started.elapsed() < Duration::from_secs(10));
    let started = Instant::now();
    for _ in 0..100 {
        queue.push(Kind::Audit, b"{}\n");
        queue.flush(Duration::from_mins(1)).await;
        queue.flush_blocking(Duration::from_mins(1));
    }
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(queue.state().bytes <= CAPACITY);
}

#[test]
fn audit_lines_are_lost_last_and_the_losses_are_counted_by_kind() {
    let (queue, reader) = unread();
    push(&queue, Kind::Audit, 80);
    // Until the pipe is full and the thread waits: a slow one would still write metrics.
    let pushed = 80 * LINE;
    while pushed - queue.state().bytes <= PIPE {
        thread::sleep(Duration::from_millis(1));
    }
    push(&queue, Kind::Metric, 80);
    push(&queue, Kind::Log, 80);
    // Audit events fill the rest, and displace what is less important.
    overflow(&queue, Kind::Audit);
    overflow(&queue, Kind::Log);
    overflow(&queue, Kind::Metric);
    let (lines, report) = drain(reader);
    let written = |kind| lines.iter().filter(|line| line["kind"] == kind).count();
    let lost = |kind| usize::try_from(report["lost"][kind].as_u64().unwrap()).unwrap();
    assert_eq!(written("Audit") + lost("audits"), 1080);
    assert_eq!(written("Metric") + lost("metrics"), 1080);
    assert_eq!(written("Log") + lost("logs"), 1080);
    assert_eq!((lost("logs"), lost("metrics")), (1080, 1080));
    assert!(written("Audit") > 200, "{}", written("Audit"));
    let total = report["log_lines_lost"].as_u64();
    assert_eq!(total, Some((3240 - lines.len()) as u64));
    let metric = "/_aws/CloudWatchMetrics/0/Metrics/0/Name";
    assert_eq!(report.pointer(metric).unwrap(), "log_lines_lost");
    // In order, each whole.
    let numbers: Vec<u64> = lines
        .iter()
        .map(|line| line["number"].as_u64().unwrap())
        .collect();
    assert!(numbers[80..].is_sorted(), "{numbers:?}");
}

#[tokio::test]
async fn lines_are_written_before_a_response_and_in_their_order() {
    let (queue, reader) = unread();
    let mut lines = BufReader::new(reader).lines();
    for number in 0..100 {
        queue.push(Kind::Log, format!("{number}\n").as_bytes());
        queue.push(Kind::Audit, format!("{number}\n").as_bytes());
        queue.flush(Duration::from_mins(1)).await;
        assert!(queue.state().is_idle());
        for _ in 0..2 {
            assert_eq!(lines.next().unwrap().unwrap(), number.to_string());
        }
    }
}

/// A pipe whose reader has ended returns an error for every line.
#[test]
fn a_log_whose_reader_is_gone_costs_nothing() {
    let (queue, reader) = unread();
    drop(reader);
    overflow(&queue, Kind::Log);
    queue.flush_blocking(Duration::from_mins(1));
    assert_eq!(queue.state().lines.len(), 0);
}
