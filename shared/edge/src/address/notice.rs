//! What is counted and logged when a client is identified by its connection
//! although another address was asked for. Never what the request says.

use std::sync::atomic::{AtomicI64, Ordering};

use gatehouse_auth::time::Timestamp;

use super::source::{AddressSource, Unreadable};
use crate::clock::Clock;
use crate::metric;

/// A count of every request, and a warning once a minute.
pub(super) struct Notice {
    metric: &'static str,
    warning: &'static str,
    warned_at: AtomicI64,
}

/// The address could not be read.
pub(super) static UNREADABLE: Notice = Notice::new(
    "client_address_unreadable",
    "the client's address cannot be read as CLIENT_ADDRESS says; the connection's address is used",
);

/// The request does not carry the proxy's secret.
pub(super) static DIRECT: Notice = Notice::new(
    "direct_request",
    "a request does not carry the proxy's secret; the connection's address is used",
);

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

    /// True once a minute for the whole process; a clock that is set back does not
    /// silence it.
    fn is_due(&self, now: Timestamp) -> bool {
        let now = now.unix();
        let warn = |last: i64| (now.abs_diff(last) >= INTERVAL_SECONDS).then_some(now);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.warned_at.fetch_update(set, fetch, warn).is_ok()
    }
}

/// Fewer let a caller fill the log, and more hide that it goes on.
const INTERVAL_SECONDS: u64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_warns_once_a_minute_whichever_way_the_clock_goes() {
        let notice = Notice::new("metric", "warning");
        let due = |seconds| notice.is_due(Timestamp::from_unix(seconds));
        let moments = [1_000, 1_000, 1_059, 1_060, 1_061, 500, 501, 560];
        let warned: Vec<_> = moments.into_iter().filter(|&at| due(at)).collect();
        assert_eq!(warned, [1_000, 1_060, 500, 560]);
    }
}
