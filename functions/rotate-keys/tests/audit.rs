//! What is written of a rotation: that it was, and no key.
//!
//! Alone in its process: what other threads log while a subscriber is set may be
//! kept from it.
#![expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed, and the other tests need more of its world"
)]

#[path = "rotation/aws.rs"]
mod aws;
#[path = "rotation/secrets.rs"]
mod secrets;
#[path = "rotation/world.rs"]
mod world;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use world::{PLACES, World, token};

/// Everything that is logged, in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

#[tokio::test]
async fn a_rotation_is_audited_once_and_one_that_changes_nothing_is_not() {
    for place in PLACES {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let world = World::begun(place).await;
        lines.take();

        world.rotate(&token(1)).await;
        world.rotate(&token(1)).await;
        let told = lines.take();
        assert_eq!(told.matches("event=\"key_rotated\"").count(), 1, "{told}");
        for key in ["\"d\"", "\"k\""] {
            assert!(!told.contains(key), "{told}");
        }

        world.rotate(&token(2)).await;
        let told = lines.take();
        assert!(told.contains("too early to rotate"), "{told}");
        assert!(!told.contains("key_rotated"), "{told}");
    }
}
