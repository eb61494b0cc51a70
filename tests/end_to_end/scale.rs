//! The arithmetic of `docs/scale.md`, from the units and prices of `docs/costs.md`.

use anyhow::Context;
use gatehouse_tests::binaries::root;

/// What a person does in a month, and what a thousand authorised calls come with.
const MIX: [(&str, f64); 4] = [
    ("registrations with e-mail", 1.0),
    ("logins", 10.0),
    ("refreshes", 30.0),
    ("authorised calls", 1000.0),
];
/// Milliseconds of computing, in the same order.
const COMPUTE_MS: [f64; 4] = [12.0, 12.0, 3.0, 1.0];
/// Milliseconds that a call to DynamoDB takes.
const CALL_MS: f64 = 5.0;
/// Write units of a session: its item and its index; the rest is in other tables.
const SESSION_WRITES: [f64; 4] = [0.0, 2.0, 1.0, 0.0];
const SECONDS_PER_MONTH: f64 = 30.0 * 86_400.0 + 36_000.0;

#[test]
fn the_pages_figures_follow_from_the_costs() -> anyhow::Result<()> {
    let page = std::fs::read_to_string(root().join("docs/scale.md"))?;
    let mix = Mix::read()?;
    let mut rows = mix.by_requests();
    rows.extend(mix.quotas());
    rows.extend(mix.by_people()?);
    let missing: Vec<String> = rows
        .into_iter()
        .filter(|row| !page.contains(row.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/scale.md lacks\n{}",
        missing.join("\n")
    );
    Ok(())
}

/// The four operations with their units.
struct Mix {
    costs: String,
    /// Read units, write units and calls.
    units: Vec<[f64; 3]>,
}

impl Mix {
    fn read() -> anyhow::Result<Self> {
        let costs = std::fs::read_to_string(root().join("docs/costs.md"))?;
        let units = MIX.iter().map(|(name, _)| {
            let cells = cells(&costs, name, "| read units")?;
            let number = |at: usize| -> anyhow::Result<f64> {
                Ok(cells.get(at).context("too few cells")?.parse()?)
            };
            Ok([number(0)?, number(1)?, number(2)?])
        });
        let units = units.collect::<anyhow::Result<_>>()?;
        Ok(Self { costs, units })
    }

    /// Requests of one mix.
    fn requests() -> f64 {
        MIX.iter().map(|(_, count)| count).sum()
    }

    /// Adds up what `of` says about each operation, for each request of the mix.
    fn per_request(of: impl Fn(usize) -> f64) -> f64 {
        let sum: f64 = (0..MIX.len()).map(|at| MIX[at].1 * of(at)).sum();
        sum / Self::requests()
    }

    fn invocations() -> f64 {
        Self::per_request(|at| if at == AUTHORISED { 2.0 } else { 1.0 })
    }

    fn busy(&self) -> f64 {
        Self::per_request(|at| (self.units[at][2] * CALL_MS + COMPUTE_MS[at]) / 1000.0)
    }

    fn revocation_reads(&self) -> f64 {
        Self::per_request(|at| {
            if at == AUTHORISED {
                self.units[at][0]
            } else {
                0.0
            }
        })
    }

    fn session_writes() -> f64 {
        Self::per_request(|at| SESSION_WRITES[at])
    }

    fn by_requests(&self) -> Vec<String> {
        let logins = Self::per_request(|at| f64::from(u8::from(at == LOGINS)));
        let hashing = Self::per_request(|at| {
            if at <= LOGINS {
                COMPUTE_MS[at] / 1000.0
            } else {
                0.0
            }
        });
        vec![
            row("logins per second", logins, 0),
            row("Lambda invocations per second", Self::invocations(), 0),
            row("Lambda instances busy at once", self.busy(), 0),
            row_of("whole processors that hash", |rate| {
                let processors = hashing * rate;
                grouped(processors, usize::from(processors < 1.0))
            }),
            row(
                "reads per second of the table of revocations",
                self.revocation_reads(),
                0,
            ),
            row(
                "writes per second of the table of sessions",
                Self::session_writes(),
                0,
            ),
            row(
                "largest single item, reads per second: the published keys",
                self.busy() / KEY_CACHE_SECONDS,
                0,
            ),
        ]
    }

    fn quotas(&self) -> Vec<String> {
        let quota = |name: &str, default: f64, need: f64| {
            let asked = RATES.map(|rate| {
                let needed = (need * rate).ceil();
                match (needed <= default, rate <= RATES[0]) {
                    (true, true) => "yes".to_owned(),
                    (true, false) => "enough".to_owned(),
                    (false, _) => grouped(needed, 0),
                }
            });
            format!(
                "| {name} | {} | {} |",
                grouped(default, 0),
                asked.join(" | ")
            )
        };
        // Reads of one item, of a partition of its own at worst.
        let keys = self.busy() / KEY_CACHE_SECONDS;
        vec![
            quota(
                "API Gateway: requests per second of an account and region",
                10_000.0,
                1.0,
            ),
            quota(
                "Lambda: concurrency, of which each unit serves 10 requests per second",
                1_000.0,
                Self::invocations() / 10.0,
            ),
            quota(
                "DynamoDB: read units per second of one on-demand table",
                40_000.0,
                self.revocation_reads(),
            ),
            quota(
                "DynamoDB: write units per second of one on-demand table",
                40_000.0,
                Self::session_writes(),
            ),
            quota(
                "DynamoDB: read units per second of one partition",
                3_000.0,
                keys,
            ),
            quota(
                "Secrets Manager: reads per second of one region",
                10_000.0,
                self.busy() / RING_SECONDS,
            ),
        ]
    }

    fn by_people(&self) -> anyhow::Result<Vec<String>> {
        let mut sum = 0.0;
        let mut authorizer = 0.0;
        for (name, count) in MIX {
            let name = if name == MIX[AUTHORISED].0 {
                "authorised calls (authorizer only)"
            } else {
                name
            };
            let cells = cells(&self.costs, name, "| one million")?;
            let price = cells.last().context("no sum")?.trim_start_matches('$');
            authorizer = count * price.parse::<f64>()?;
            sum += authorizer;
        }
        let mean = Self::requests() / SECONDS_PER_MONTH;
        let row = |name: &str, sign: &str, per_person: f64| {
            let cells = PEOPLE.map(|people| format!("{sign}{}", grouped(people * per_person, 0)));
            format!("| {name} | {} |", cells.join(" | "))
        };
        Ok(vec![
            row("requests per second, mean", "", mean),
            row("requests per second, peak", "", 5.0 * mean),
            row("per month, us-east-1", "$", sum / 1e6),
            row("of which the authorizer", "$", authorizer / 1e6),
        ])
    }
}

/// Returns the cells after the name in the row of the table that begins with `header`.
pub(crate) fn cells(costs: &str, name: &str, header: &str) -> anyhow::Result<Vec<String>> {
    let (_, table) = costs.split_once(header).context("no such table")?;
    let start = format!("| {name} | ");
    let mut lines = table.lines().take_while(|line| line.contains('|'));
    let line = lines.find_map(|line| line.strip_prefix(&start));
    let line = line.with_context(|| format!("docs/costs.md has no row for {name}"))?;
    let cells = line.trim_end_matches(" |").split(" | ");
    Ok(cells.map(str::to_owned).collect())
}

fn row(name: &str, per_request: f64, decimals: usize) -> String {
    row_of(name, |rate| grouped(per_request * rate, decimals))
}

fn row_of(name: &str, of: impl Fn(f64) -> String) -> String {
    format!("| {name} | {} |", RATES.map(of).join(" | "))
}

/// Writes a number with a comma before each three digits.
fn grouped(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

const LOGINS: usize = 1;
const AUTHORISED: usize = 3;
const RATES: [f64; 3] = [1e3, 1e5, 1e6];
const PEOPLE: [f64; 3] = [1e6, 1e8, 1e9];
/// The default of `KeyCacheSeconds`.
const KEY_CACHE_SECONDS: f64 = 10.0;
/// How long a signer keeps its ring.
const RING_SECONDS: f64 = 300.0;
