//! Schedules: each `AWS::Events::Rule` that has a `ScheduleExpression`.

use std::time::Duration;

use super::error::TemplateError;
use super::function::FunctionSpec;
use super::node::Node;
use super::resolve::Resolver;
use super::resource::Resource;

/// A function that is invoked at a fixed rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// The function's binary.
    pub(crate) function: String,
    pub(crate) interval: Duration,
    /// What the function is sent, as JSON, if not the rule's own event.
    pub(crate) input: Option<String>,
}

/// Reads all schedules of functions.
pub(super) fn read(
    resources: &[Resource<'_>],
    functions: &[FunctionSpec],
    resolver: &Resolver<'_>,
) -> Result<Vec<Schedule>, TemplateError> {
    let mut schedules = Vec::new();
    for rule in resources.iter().filter(|r| r.kind == "AWS::Events::Rule") {
        let properties = rule.properties.ok_or_else(|| rule.lacks("Properties"))?;
        let Some(expression) = properties.get("ScheduleExpression") else {
            continue;
        };
        let interval = interval(expression)?;
        for target in properties.required("Targets")?.items()? {
            let arn = resolver.present(target.required("Arn")?)?;
            let name = arn.text()?.rsplit(':').next().unwrap_or_default();
            if functions.iter().any(|function| function.name == name) {
                let input = target.get("Input").map(Node::text).transpose()?;
                schedules.push(Schedule {
                    function: name.to_owned(),
                    interval,
                    input: input.map(str::to_owned),
                });
            }
        }
    }
    Ok(schedules)
}

/// Reads `rate(1 hour)`.
fn interval(expression: &Node) -> Result<Duration, TemplateError> {
    let text = expression.text()?;
    let rate = text
        .strip_prefix("rate(")
        .and_then(|rest| rest.strip_suffix(')'));
    let rate = rate.and_then(|rate| rate.split_once(' '));
    let rate = rate.and_then(|(number, unit)| {
        let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
        let seconds = match unit {
            "minute" | "minutes" => 60,
            "hour" | "hours" => 3_600,
            "day" | "days" => 86_400,
            _ => return None,
        };
        Some(Duration::from_secs(number.checked_mul(seconds)?))
    });
    rate.ok_or_else(|| {
        let expected = "write rate(N minutes), rate(N hours) or rate(N days)";
        expression.error(format!(
            "the local stack does not support the schedule {text}: {expected}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::super::node::parse;
    use super::*;

    fn read(expression: &str) -> Result<u64, String> {
        let root = parse(&format!("At: {expression}\n")).unwrap();
        let interval = interval(root.get("At").unwrap());
        interval
            .map(|interval| interval.as_secs())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_rate_is_a_number_and_a_unit() {
        assert_eq!(read("rate(1 hour)"), Ok(3_600));
        assert_eq!(read("rate(5 minutes)"), Ok(300));
        assert_eq!(read("rate(2 days)"), Ok(172_800));
        for other in ["rate(0 hours)", "rate(1 week)", "cron(0 * * * ? *)"] {
            assert!(read(other).unwrap_err().contains(other), "{other}");
        }
    }
}
