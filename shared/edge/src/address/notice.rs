//! Metrics and warnings for clients identified by their connection although another
//! address is configured. Neither repeats anything that the request says.

use std::sync::atomic::{AtomicI64, Ordering};

use gatehouse_auth::time::Timestamp;

use super::source::{AddressSource, Unreadable};
use crate::clock::Clock;
use crate::metric;

/// A metric for every request, and a warning at most once a minute.
pub(super) struct Notice {
    metric: &'static str,
    warning: &'static str,
    warned_at: AtomicI64,
}

/// The address could not be read.
pub(super) static UNREADABLE: Notice = Notice::new(
    "client_address_unreadable",
    "the client's address cannot be read as CLIENT_ADDRESS says: using the connection's",
);

/// The request does not carry the proxy's secret.
pub(super) static DIRECT: Notice = Notice::new(
    "direct_request",
    "a request does not carry the proxy's secret: using the connection's address",
);

/// A shorter interval lets a client fill the log; a longer one hides that it continues.
const INTERVAL_SECONDS: u64 = 60;

impl Notice {
    const fn new(metric: &'static str, warning: &'static str) -> Self {
        Self {
            metric,
            warning,
            warned_at: AtomicI64::new(i64::MIN),
        }
    }

    pub(super) fn record(&self, source: &AddressSource, reason: Option<Unreadable>) {
        metric::count(self.metric);
        if self.is_due(Clock::System.now()) {
            let reason = reason.map(Unreadable::name);
            let client_address = source.to_string();
            tracing::warn!(client_address, reason, "{}", self.warning);
        }
    }

    /// True at most once a minute in the whole process. Setting the clock back does not
    /// silence it.
    fn is_due(&self, now: Timestamp) -> bool {
        let now = now.unix();
        let warn = |last: i64| (now.abs_diff(last) >= INTERVAL_SECONDS).then_some(now);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.warned_at.fetch_update(set, fetch, warn).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_warns_once_a_minute_even_if_the_clock_is_set_back() {
        let notice = Notice::new("metric", "warning");
        let due = |seconds| notice.is_due(Timestamp::from_unix(seconds));
        let moments = [1_000, 1_000, 1_059, 1_060, 1_061, 500, 501, 560];
        let warned: Vec<_> = moments.into_iter().filter(|&at| due(at)).collect();
        assert_eq!(warned, [1_000, 1_060, 500, 560]);
    }
}
