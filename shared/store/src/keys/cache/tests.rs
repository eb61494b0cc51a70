use std::cell::Cell;
use std::time::Duration;

use gatehouse_auth::time::Timestamp;

use super::{Cached, KeysError, Search};

/// A source whose answers are told beforehand; it counts how often it is asked.
struct Source {
    cached: Cached<u32>,
    answer: Cell<Option<u32>>,
    asked: Cell<u32>,
}

impl Source {
    fn new() -> Self {
        Self {
            cached: Cached::new(Duration::from_mins(5)),
            answer: Cell::new(Some(1)),
            asked: Cell::new(0),
        }
    }

    fn read(&self) -> Result<u32, KeysError> {
        self.asked.set(self.asked.get() + 1);
        self.answer.get().ok_or(KeysError::NotReady)
    }

    async fn current(&self, seconds: i64) -> Result<u32, KeysError> {
        let now = Timestamp::from_unix(seconds);
        let value = self.cached.current(now, || async { self.read() }).await?;
        Ok(*value)
    }

    async fn search(&self, seconds: i64, key: u32) -> Result<Option<u32>, KeysError> {
        let now = Timestamp::from_unix(seconds);
        let has = |value: &u32| *value == key;
        match self
            .cached
            .search(now, has, || async { self.read() })
            .await?
        {
            Search::Found(value) => Ok(Some(*value)),
            Search::Absent => Ok(None),
            Search::HeldBack => Ok(Some(HELD_BACK)),
        }
    }
}

const HELD_BACK: u32 = u32::MAX;

#[tokio::test]
async fn a_value_is_read_once_until_it_is_too_old() {
    let source = Source::new();
    assert_eq!(source.current(1_000).await.unwrap(), 1);
    source.answer.set(Some(2));
    assert_eq!(source.current(1_300).await.unwrap(), 1);
    assert_eq!(source.asked.get(), 1);
    assert_eq!(source.current(1_301).await.unwrap(), 2);
    assert_eq!(source.asked.get(), 2);
}

#[tokio::test]
async fn a_failing_source_is_asked_every_ten_seconds_and_the_value_serves_an_hour() {
    let source = Source::new();
    source.current(1_000).await.unwrap();
    source.answer.set(None);
    for second in 1_301..=1_330 {
        assert_eq!(source.current(second).await.unwrap(), 1);
    }
    assert_eq!(source.asked.get(), 1 + 3);
    assert_eq!(source.current(4_600).await.unwrap(), 1);
    assert!(matches!(
        source.current(4_601).await,
        Err(KeysError::HeldBack)
    ));
    assert!(matches!(
        source.current(4_610).await,
        Err(KeysError::NotReady)
    ));
    source.answer.set(Some(3));
    assert_eq!(source.current(4_620).await.unwrap(), 3);
}

#[tokio::test]
async fn without_any_value_the_failure_is_told() {
    let source = Source::new();
    source.answer.set(None);
    assert!(matches!(
        source.current(1_000).await,
        Err(KeysError::NotReady)
    ));
    assert!(matches!(
        source.current(1_009).await,
        Err(KeysError::HeldBack)
    ));
    assert_eq!(source.asked.get(), 1);
    source.answer.set(Some(1));
    assert_eq!(source.current(1_010).await.unwrap(), 1);
}

#[tokio::test]
async fn an_unknown_key_is_looked_up_once_in_ten_seconds() {
    let source = Source::new();
    source.current(1_000).await.unwrap();
    source.answer.set(Some(2));
    assert_eq!(source.search(1_009, 2).await.unwrap(), Some(HELD_BACK));
    assert_eq!(source.asked.get(), 1);
    assert_eq!(source.search(1_010, 2).await.unwrap(), Some(2));
    assert_eq!(source.search(1_011, 2).await.unwrap(), Some(2));
    assert_eq!(source.search(1_019, 3).await.unwrap(), Some(HELD_BACK));
    assert_eq!(source.asked.get(), 2);
    assert_eq!(source.search(1_020, 3).await.unwrap(), None);
    assert_eq!(source.asked.get(), 3);
}

#[tokio::test]
async fn a_key_that_a_stale_value_has_is_found_while_the_source_fails() {
    let source = Source::new();
    source.current(1_000).await.unwrap();
    source.answer.set(None);
    assert_eq!(source.search(2_000, 1).await.unwrap(), Some(1));
    assert_eq!(source.asked.get(), 2);
}

#[tokio::test]
async fn a_key_that_could_not_be_looked_up_is_not_absent() {
    let source = Source::new();
    source.current(1_000).await.unwrap();
    source.answer.set(None);
    assert!(matches!(
        source.search(1_020, 2).await,
        Err(KeysError::NotReady)
    ));
    assert!(matches!(
        source.search(1_025, 2).await,
        Err(KeysError::HeldBack)
    ));
    assert!(matches!(
        source.search(2_000, 2).await,
        Err(KeysError::HeldBack)
    ));
    assert_eq!(source.asked.get(), 3);
}

#[tokio::test]
async fn the_first_search_reads_and_then_knows() {
    let source = Source::new();
    assert_eq!(source.search(1_000, 7).await.unwrap(), None);
    assert_eq!(source.search(1_000, 1).await.unwrap(), Some(1));
    assert_eq!(source.asked.get(), 1);
}

#[tokio::test]
async fn after_the_clock_has_stepped_back_the_value_is_read_again() {
    let source = Source::new();
    source.current(1_000).await.unwrap();
    source.answer.set(Some(2));
    assert_eq!(source.current(400).await.unwrap(), 2);
    assert_eq!(source.asked.get(), 2);
}
