//! Whether mail can be sent now: the account's pause, and the quota of SES.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use gatehouse_auth::time::Timestamp;
use gatehouse_edge::telemetry;

use crate::app::App;

/// What was read before a batch. Without it, mails are sent: SES itself will refuse them.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    /// A failure of the whole account was noted just now: nothing is sent.
    is_paused: AtomicBool,
    /// More than half of the quota is used: no stranger can cause a mail.
    pub(crate) is_scarce: bool,
}

/// The last reading of the quota, which is kept for a minute: SES answers one such question a
/// second.
#[derive(Debug, Default)]
pub(crate) struct Quota(Mutex<Option<Reading>>);

#[derive(Debug, Clone, Copy)]
struct Reading {
    /// When it was read.
    at: Timestamp,
    /// When it was last read, or could not be.
    tried_at: Timestamp,
    is_scarce: bool,
}

/// The part of the quota that strangers cannot use up. More leaves less to everyone else;
/// less lets a flood of requests delay what people who are logged in have asked for.
const SCARCE: f64 = 0.5;
/// How long a reading is used. Longer lets a flood pass the half of a small quota.
const READ_AGAIN_AFTER: Duration = Duration::from_mins(1);
/// How long it counts if it cannot be read again. Longer drops the mails of strangers because
/// of a flood that has ended; shorter lets a flood that also throttles the readings use up the
/// quota.
const COUNTS_FOR: Duration = Duration::from_mins(15);

impl Sending {
    /// Reads it.
    pub(crate) async fn now(app: &App) -> Self {
        let now = app.clock.now();
        let pause = app.outbox.sending_pause(now).await.unwrap_or_else(|error| {
            let error = telemetry::chain(&error);
            tracing::warn!(error, "the pause could not be read");
            None
        });
        let is_scarce = pause.is_none() && app.quota.is_scarce(app, now).await;
        let is_paused = AtomicBool::new(pause.is_some());
        Self {
            is_paused,
            is_scarce,
        }
    }

    /// True if nothing is sent.
    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::SeqCst)
    }

    /// Keeps the rest of the batch from being sent.
    pub(crate) fn pause(&self) {
        self.is_paused.store(true, Ordering::SeqCst);
    }
}

impl Quota {
    async fn is_scarce(&self, app: &App, now: Timestamp) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |reading: &Reading| now.since(reading.tried_at) < READ_AGAIN_AFTER;
        if let Some(reading) = last.filter(is_fresh) {
            return reading.is_scarce;
        }
        let reading = match app.sender.used_quota().await {
            Ok(used) => Reading {
                at: now,
                tried_at: now,
                is_scarce: used > SCARCE,
            },
            Err(code) => {
                tracing::warn!(code, "the quota of SES could not be read");
                let at = last.map_or(now, |last| last.at);
                let counts = now.since(at) < COUNTS_FOR;
                Reading {
                    at,
                    tried_at: now,
                    is_scarce: counts && last.is_some_and(|last| last.is_scarce),
                }
            }
        };
        if reading.is_scarce {
            telemetry::count("mail_quota_above_half");
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
        reading.is_scarce
    }
}
