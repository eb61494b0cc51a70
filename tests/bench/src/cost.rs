//! What a million calls cost, at the prices of `docs/costs.md`.

use std::fs;

use crate::build::root;
use crate::columns::{Measured, count, decimal};
use crate::cpu_share::WHOLE_PROCESSOR_MB;

/// Dollars per million calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Milliseconds of a call for which Lambda would charge.
    pub(crate) billed_ms: f64,
    /// Consistent reads of 4 KB per call.
    pub(crate) read_units: f64,
    /// Writes of 1 KB per call.
    pub(crate) write_units: f64,
    /// API Gateway and Lambda.
    pub(crate) requests: f64,
    pub(crate) reads: f64,
    pub(crate) writes: f64,
    pub(crate) compute: f64,
    /// SES and Secrets Manager.
    pub(crate) others: f64,
}

impl Cost {
    /// Returns what calls of a subject cost; `None` without warm calls.
    pub(crate) fn of(measured: &Measured) -> Option<Self> {
        let sample = measured.warm().next()?;
        let calls = count(sample.warm.len());
        let (mut read_units, mut write_units, mut others) = (0.0, 0.0, 0.0);
        for (operation, traffic) in &sample.warm_counts {
            read_units += decimal(traffic.units.half_reads) / 2.0 / calls;
            write_units += decimal(traffic.units.writes) / calls;
            let price = OTHERS.iter().find(|(name, _)| name == operation);
            others += price.map_or(0.0, |(_, price)| price * decimal(traffic.calls) / calls);
        }
        let memory_mb = f64::from(measured.subject.memory_mb);
        let billed_ms = billed_ms(measured, memory_mb)?;
        let gateway = if measured.subject.has_route {
            HTTP_API
        } else {
            0.0
        };
        Some(Self {
            billed_ms,
            read_units,
            write_units,
            requests: gateway + LAMBDA,
            reads: read_units * READ_UNIT,
            writes: write_units * WRITE_UNIT,
            compute: billed_ms / 1000.0 * memory_mb / 1024.0 * GB_SECOND * 1e6,
            others,
        })
    }

    /// Returns the sum.
    pub(crate) fn sum(&self) -> f64 {
        self.requests + self.reads + self.writes + self.compute + self.others
    }
}

/// Returns how the units of a call differ from the function's row in `docs/costs.md`; nothing if
/// they do not, or if it has no row.
///
/// # Errors
/// If the page cannot be read.
pub(crate) fn difference(measured: &Measured) -> anyhow::Result<Option<String>> {
    let name = &*measured.subject.name;
    let row = ROWS.iter().find(|(function, _)| *function == name);
    let Some(((_, row), cost)) = row.zip(Cost::of(measured)) else {
        return Ok(None);
    };
    // Keys that are read once in many calls have no part in a row.
    let halves = |units: f64| (units * 2.0).round() / 2.0;
    let (reads, writes) = (halves(cost.read_units), halves(cost.write_units));
    let page = fs::read_to_string(root().join("docs/costs.md"))?;
    let is_row = page.contains(&format!("\n| {row} | {reads} | {writes} | "));
    Ok((!is_row).then(|| {
        format!("{name} used {reads} read units and {writes} write units, unlike `{row}` in docs/costs.md")
    }))
}

/// Functions whose event does what a row is about, without an authorizer.
const ROWS: [(&str, &str); 5] = [
    ("authorizer", "authorised calls"),
    ("login", "logins"),
    ("mailer", "notices"),
    ("refresh", "refreshes"),
    ("register", "registrations with e-mail"),
];

/// Returns how long a call takes if its function is always busy and so has only its share of a
/// processor, in whole milliseconds. No network and no DynamoDB is part of it.
fn billed_ms(measured: &Measured, memory_mb: f64) -> Option<f64> {
    let share = (memory_mb / f64::from(WHOLE_PROCESSOR_MB)).min(1.0);
    let milliseconds = measured.cpu_per_call()? / share / 1000.0;
    Some(milliseconds.ceil().max(1.0))
}

// Dollars per million, except for the last one.
const HTTP_API: f64 = 1.0;
const LAMBDA: f64 = 0.2;
const READ_UNIT: f64 = 0.125;
const WRITE_UNIT: f64 = 0.625;
const SES: f64 = 100.0;
const SECRETS_MANAGER: f64 = 5.0;
/// Dollars.
const GB_SECOND: f64 = 0.000_013_3;

const OTHERS: [(&str, f64); 4] = [
    ("SendEmail", SES),
    ("DescribeSecret", SECRETS_MANAGER),
    ("GetSecretValue", SECRETS_MANAGER),
    ("PutSecretValue", SECRETS_MANAGER),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::testing::measured;

    #[test]
    fn the_prices_are_those_of_the_page() {
        let page = fs::read_to_string(root().join("docs/costs.md")).unwrap();
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for sentence in [
            format!("An HTTP API costs ${HTTP_API:.2} per million requests."),
            format!(
                "Lambda costs ${LAMBDA:.2} per million requests and ${GB_SECOND} per GB-second on arm64."
            ),
            format!(
                "costs ${READ_UNIT} per million consistent read units and ${WRITE_UNIT} per million write units"
            ),
            format!("Secrets Manager costs ${SECRETS_MANAGER:.2} per million calls"),
            format!("SES costs $0.10 per thousand mails, ${SES} per million"),
        ] {
            assert!(page.contains(&sentence), "docs/costs.md lacks: {sentence}");
        }
    }

    #[test]
    fn a_call_costs_its_units_its_requests_and_its_share_of_a_processor() {
        let mut subject = measured("ours", 1);
        let cost = Cost::of(&subject).unwrap();
        let units = format!("{} {}", cost.read_units, cost.write_units);
        assert_eq!(units, "1 1");
        // 0.05 ms of CPU at the share of 128 MB.
        assert_eq!(cost.billed_ms.to_string(), "1");
        assert_eq!(format!("{:.3}", cost.sum()), "0.952");
        subject.subject.has_route = true;
        assert_eq!(format!("{:.3}", Cost::of(&subject).unwrap().sum()), "1.952");
        let slow = Cost::of(&measured("theirs", 30)).unwrap();
        assert_eq!(slow.billed_ms.to_string(), "21");
        subject.samples[0].warm.clear();
        assert!(Cost::of(&subject).is_none());
    }

    #[test]
    fn units_that_differ_from_the_page_are_reported() {
        // One read and one write, like a refresh.
        assert_eq!(difference(&measured("refresh", 1)).unwrap(), None);
        assert_eq!(difference(&measured("logout", 1)).unwrap(), None);
        let difference = difference(&measured("login", 1)).unwrap();
        insta::assert_snapshot!(difference.unwrap(), @"login used 1 read units and 1 write units, unlike `logins` in docs/costs.md");
    }
}
