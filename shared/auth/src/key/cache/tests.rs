use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::{HeldBack, KeyCache, KeySource, Lookup};
use crate::time::Timestamp;

/// A source with one number as its keys, which a test can change, take away or
/// hold up.
struct Source {
    keys: Mutex<Option<u32>>,
    fetches: AtomicU32,
    gate: Semaphore,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum SourceError {
    #[error("down")]
    Down,
    #[error(transparent)]
    HeldBack(#[from] HeldBack),
}

impl KeySource for Arc<Source> {
    type Keys = u32;
    type Error = SourceError;

    async fn fetch(&self, _: Timestamp) -> Result<u32, SourceError> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        drop(self.gate.acquire().await);
        self.keys.lock().unwrap().ok_or(SourceError::Down)
    }
}

/// A cache in front of a [`Source`], with the time in seconds.
struct World {
    source: Arc<Source>,
    cache: Arc<KeyCache<Arc<Source>>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Found {
    Keys(u32),
    Absent,
    HeldBack,
}

impl World {
    fn with_keys(keys: u32) -> Self {
        let source = Arc::new(Source {
            keys: Mutex::new(Some(keys)),
            fetches: AtomicU32::new(0),
            gate: Semaphore::new(1),
        });
        let cache = Arc::new(KeyCache::new(Arc::clone(&source), Duration::from_mins(5)));
        Self { source, cache }
    }

    fn set(&self, keys: u32) {
        *self.source.keys.lock().unwrap() = Some(keys);
    }

    fn take_down(&self) {
        *self.source.keys.lock().unwrap() = None;
    }

    fn fetches(&self) -> u32 {
        self.source.fetches.load(Ordering::Relaxed)
    }

    /// Holds up every fetch until the gate is opened.
    fn close_gate(&self) {
        self.source.gate.try_acquire().unwrap().forget();
    }

    fn open_gate(&self) {
        self.source.gate.add_permits(1);
    }

    /// Returns once a fetch has begun in a task.
    async fn begun(&self, fetches: u32) {
        while self.fetches() < fetches {
            tokio::task::yield_now().await;
        }
    }

    async fn current(&self, seconds: i64) -> Result<u32, SourceError> {
        let keys = self.cache.current(Timestamp::from_unix(seconds)).await?;
        Ok(*keys)
    }

    fn spawn_current(&self, seconds: i64) -> tokio::task::JoinHandle<Result<u32, SourceError>> {
        let cache = Arc::clone(&self.cache);
        tokio::spawn(async move {
            let keys = cache.current(Timestamp::from_unix(seconds)).await?;
            Ok(*keys)
        })
    }

    async fn find(&self, seconds: i64, key: u32) -> Result<Found, SourceError> {
        let now = Timestamp::from_unix(seconds);
        Ok(match self.cache.find(now, |keys| *keys == key).await? {
            Lookup::Found(keys) => Found::Keys(*keys),
            Lookup::Absent => Found::Absent,
            Lookup::HeldBack => Found::HeldBack,
        })
    }
}

#[tokio::test]
async fn keys_are_fetched_once_until_they_are_too_old() {
    let world = World::with_keys(1);
    assert_eq!(world.current(1_000).await, Ok(1));
    world.set(2);
    assert_eq!(world.current(1_300).await, Ok(1));
    assert_eq!(world.fetches(), 1);
    assert_eq!(world.current(1_301).await, Ok(2));
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_failing_source_is_tried_every_ten_seconds_and_the_keys_serve_for_an_hour() {
    let world = World::with_keys(1);
    world.current(1_000).await.unwrap();
    world.take_down();
    for second in 1_301..=1_330 {
        assert_eq!(world.current(second).await, Ok(1));
    }
    assert_eq!(world.fetches(), 1 + 3);
    assert_eq!(world.current(4_600).await, Ok(1));
    assert_eq!(world.current(4_601).await, Err(SourceError::Down));
    world.set(3);
    assert_eq!(world.current(4_601).await, Ok(3));
}

#[tokio::test]
async fn without_keys_a_failure_is_an_error_and_the_next_caller_tries() {
    let world = World::with_keys(1);
    world.take_down();
    for fetches in 1..=3 {
        assert_eq!(world.current(1_000).await, Err(SourceError::Down));
        assert_eq!(world.fetches(), fetches);
    }
    world.set(1);
    assert_eq!(world.current(1_000).await, Ok(1));
}

#[tokio::test]
async fn callers_that_have_keys_continue_with_them_while_one_fetches() {
    let world = World::with_keys(1);
    world.current(1_000).await.unwrap();
    world.set(2);
    world.close_gate();
    let fetching = world.spawn_current(1_400);
    world.begun(2).await;
    for _ in 0..100 {
        assert_eq!(world.current(1_400).await, Ok(1));
    }
    assert!(!fetching.is_finished());
    world.open_gate();
    assert_eq!(fetching.await.unwrap(), Ok(2));
    assert_eq!(world.current(1_400).await, Ok(2));
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn callers_without_keys_wait_for_one_fetch() {
    let world = World::with_keys(1);
    world.close_gate();
    let waiting: Vec<_> = (0..100).map(|_| world.spawn_current(1_000)).collect();
    world.begun(1).await;
    assert!(waiting.iter().all(|task| !task.is_finished()));
    world.open_gate();
    for task in waiting {
        assert_eq!(task.await.unwrap(), Ok(1));
    }
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn keys_over_an_hour_old_are_not_used_while_one_fetches() {
    let world = World::with_keys(1);
    world.current(1_000).await.unwrap();
    world.take_down();
    world.close_gate();
    let tasks = [world.spawn_current(4_601), world.spawn_current(4_601)];
    world.begun(2).await;
    world.open_gate();
    for task in tasks {
        assert!(task.await.unwrap().is_err());
    }
    assert_eq!(world.fetches(), 3, "each caller tries");
}

#[tokio::test]
async fn an_unknown_key_is_looked_up_once_in_ten_seconds() {
    let world = World::with_keys(1);
    world.current(1_000).await.unwrap();
    world.set(2);
    assert_eq!(world.find(1_009, 2).await, Ok(Found::HeldBack));
    assert_eq!(world.fetches(), 1);
    assert_eq!(world.find(1_010, 2).await, Ok(Found::Keys(2)));
    assert_eq!(world.find(1_011, 2).await, Ok(Found::Keys(2)));
    assert_eq!(world.find(1_019, 3).await, Ok(Found::HeldBack));
    assert_eq!(world.fetches(), 2);
    assert_eq!(world.find(1_020, 3).await, Ok(Found::Absent));
    assert_eq!(world.fetches(), 3);
}

#[tokio::test]
async fn a_lookup_waits_for_the_fetch_that_may_bring_the_key() {
    let world = World::with_keys(1);
    world.current(1_000).await.unwrap();
    world.set(2);
    world.close_gate();
    let fetching = world.spawn_current(1_400);
    world.begun(2).await;
    let open = async {
        tokio::task::yield_now().await;
        world.open_gate();
    };
    let (found, ()) = tokio::join!(world.find(1_400, 2), open);
    assert_eq!(found, Ok(Found::Keys(2)));
    assert_eq!(fetching.await.unwrap(), Ok(2));
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_known_key_is_found_while_the_source_fails() {
    let world = World::with_keys(1);
    world.current(1_000).await.unwrap();
    world.take_down();
    assert_eq!(world.find(2_000, 1).await, Ok(Found::Keys(1)));
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_key_that_could_not_be_looked_up_is_not_absent() {
    let world = World::with_keys(1);
    world.current(1_000).await.unwrap();
    world.take_down();
    assert_eq!(world.find(1_020, 2).await, Err(SourceError::Down));
    assert_eq!(world.find(1_025, 2).await, Err(HeldBack.into()));
    assert_eq!(world.find(2_000, 2).await, Err(HeldBack.into()));
    assert_eq!(world.fetches(), 3);
}

#[tokio::test]
async fn the_first_lookup_fetches_and_is_then_conclusive() {
    let world = World::with_keys(1);
    assert_eq!(world.find(1_000, 7).await, Ok(Found::Absent));
    assert_eq!(world.find(1_000, 1).await, Ok(Found::Keys(1)));
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn keys_are_fetched_again_after_the_clock_has_stepped_back() {
    let world = World::with_keys(1);
    world.current(1_000).await.unwrap();
    world.set(2);
    assert_eq!(world.current(400).await, Ok(2));
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_fetch_whose_caller_goes_away_does_not_count() {
    let world = World::with_keys(1);
    for (second, keys) in [(1_000, 1), (1_301, 2)] {
        world.set(keys);
        world.close_gate();
        let begun = world.fetches() + 1;
        let leaving = world.spawn_current(second);
        world.begun(begun).await;
        leaving.abort();
        assert!(leaving.await.unwrap_err().is_cancelled());
        world.open_gate();
        assert_eq!(world.current(second).await, Ok(keys));
    }
}
