//! Faults, in process and at the wire.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use gatehouse_testing::{Backend, ConnectionCut, Fault, Faults, Outcome, at_call};
use http::{Request, Response};

/// A backend that counts the calls that take effect, and the faults around it.
fn counting() -> (Backend, Faults, Arc<AtomicUsize>) {
    let effects = Arc::new(AtomicUsize::new(0));
    let faults = Faults::default();
    let counted = Arc::clone(&effects);
    let backend = Backend::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(Response::new(Bytes::new())))
    });
    (backend.with(&faults), faults, effects)
}

async fn call(backend: &Backend, operation: &str) -> Outcome {
    let target = format!("DynamoDB_20120810.{operation}");
    let request = Request::post("/").header("x-amz-target", target);
    backend.call(request.body(Bytes::new()).unwrap()).await
}

#[tokio::test]
async fn a_fault_strikes_one_call_before_or_after_its_effect() {
    for (at, expected) in [(at_call(1), 2), (at_call(1).after(), 3)] {
        let (backend, faults, effects) = counting();
        let strikes = faults.inject(at, Fault::Cut);
        let mut cut = Vec::new();
        for _ in 0..3 {
            cut.push(call(&backend, "PutItem").await.is_err());
        }
        assert_eq!(cut, [false, true, false]);
        assert_eq!(effects.load(Ordering::SeqCst), expected);
        strikes.await.unwrap();
    }
}

#[tokio::test]
async fn a_fault_of_one_operation_lets_others_pass_and_counts_from_its_injection() {
    let (backend, faults, _) = counting();
    call(&backend, "GetItem").await.unwrap();
    let fail = Fault::Fail(Response::builder().status(500).body(Bytes::new()).unwrap());
    drop(faults.inject(at_call(1).of("GetItem"), fail));
    let mut statuses = Vec::new();
    for operation in ["GetItem", "PutItem", "GetItem"] {
        statuses.push(call(&backend, operation).await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 500]);
    assert_eq!(
        faults.take_calls(),
        ["GetItem", "GetItem", "PutItem", "GetItem"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_delayed_call_takes_effect_later() {
    let (backend, faults, effects) = counting();
    drop(faults.inject(at_call(0), Fault::Delay(Duration::from_secs(5))));
    let began = tokio::time::Instant::now();
    call(&backend, "PutItem").await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!(effects.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn work_is_killed_at_a_call_or_finishes_before_it() {
    let (backend, faults, effects) = counting();
    for (number, expected) in [(1, None), (2, Some(2))] {
        let backend = backend.clone();
        let work = async move {
            for _ in 0..2 {
                call(&backend, "PutItem").await.unwrap();
            }
            2
        };
        assert_eq!(faults.kill_at(at_call(number), work).await, expected);
    }
    assert_eq!(effects.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn the_same_rules_hold_at_the_wire() {
    let (backend, faults, effects) = counting();
    let front = Backend::forwarding_to(&backend.serve().await);
    drop(faults.inject(at_call(0).after(), Fault::Cut));
    assert_eq!(call(&front, "PutItem").await.unwrap_err(), ConnectionCut);
    call(&front, "PutItem").await.unwrap();
    assert_eq!(effects.load(Ordering::SeqCst), 2);
}
