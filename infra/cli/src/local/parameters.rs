//! The template's parameters on this machine: one has a different default, and some have no
//! effect.

use std::collections::BTreeMap;

const ATTEMPTS: &str = "AddressAttemptsPerHour";

const LOCAL_ATTEMPTS: &str = "100000";

/// Adds a higher limit on attempts, unless one is given: tests on this machine all come from
/// one address.
pub(super) fn all(mut given: BTreeMap<String, String>) -> BTreeMap<String, String> {
    given
        .entry(ATTEMPTS.to_owned())
        .or_insert_with(|| LOCAL_ATTEMPTS.to_owned());
    given
}

/// Parameters of features that only exist on AWS: throttling, alarms, schedules.
const DEPLOYED_ONLY: [&str; 12] = [
    "AlarmTopicArn",
    "Architecture",
    "FailedLoginsThreshold",
    "LogRetentionDays",
    "PasswordThrottleBurst",
    "PasswordThrottleRate",
    "ProtectData",
    "ReservedConcurrency",
    "RotationDays",
    "ThrottleBurst",
    "ThrottleRate",
    "Tracing",
];

/// Returns notes about the parameters for the terminal.
pub(super) fn notes(given: &[(String, String)]) -> Vec<String> {
    let all = all(given.iter().cloned().collect());
    let attempts = all.get(ATTEMPTS).map_or("", String::as_str);
    let attempts = format!(
        "Each address has {attempts} wrong passwords and registrations per hour; change it with \
         --parameter {ATTEMPTS}={attempts}"
    );
    let names = given.iter().map(|(name, _)| name.as_str());
    let ignored: Vec<&str> = names.filter(|name| DEPLOYED_ONLY.contains(name)).collect();
    let mut notes = vec![attempts];
    if !ignored.is_empty() {
        notes.push(format!(
            "These parameters have no effect on this machine: {}",
            ignored.join(", ")
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn an_address_has_100000_attempts_by_default() {
        for (parameters, attempts) in [
            (&[][..], "100000"),
            (&[("Audience", "a")], "100000"),
            (&[(ATTEMPTS, "300")], "300"),
        ] {
            let parameters = given(parameters);
            assert_eq!(
                all(parameters.iter().cloned().collect())[ATTEMPTS],
                attempts
            );
            let note = notes(&parameters).join("\n");
            assert!(note.contains(&format!("{ATTEMPTS}={attempts}")), "{note}");
        }
    }

    #[test]
    fn parameters_without_effect_on_this_machine_are_listed() {
        // The local gateway caches the authorizer's decisions too.
        for effective in ["Audience", "AuthorizerCacheSeconds"] {
            assert_eq!(notes(&given(&[(effective, "1")])).len(), 1, "{effective}");
        }
        let notes = notes(&given(&[("ThrottleRate", "1"), ("Tracing", "Active")]));
        let named = "These parameters have no effect on this machine: ThrottleRate, Tracing";
        assert_eq!(notes[1], named);
        let template = include_str!("../../../template.yaml");
        for name in DEPLOYED_ONLY {
            let definition = format!("\n  {name}:\n    Type: ");
            assert!(template.contains(&definition), "{name}");
        }
    }
}
