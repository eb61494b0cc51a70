//! Checks the template and `samconfig.toml` before anything is deployed.

use std::collections::BTreeMap;
use std::path::Path;

use gatehouse_local::Plan;
use toml::{Table, Value};

use super::advice;
use super::finding::Finding;
use crate::{project, settings};

/// A placeholder for the API's URL, which API Gateway chooses.
pub(super) const URL: &str = "https://api.example.com";

/// Checks the template with its defaults and with each environment's parameters.
pub(super) fn findings(root: &Path) -> Vec<Finding> {
    let template = root.join(project::TEMPLATE);
    let plan = match Plan::read(&template, &BTreeMap::new(), URL) {
        Ok(plan) => plan,
        Err(error) => return vec![Finding::fail("template", error.to_string())],
    };
    let count = plan.environments.len();
    let mut found = vec![Finding::ok("template", format!("has {count} functions"))];
    found.extend(environments(root, &template));
    found
}

const SAMCONFIG: &str = "infra/samconfig.toml";

fn environments(root: &Path, template: &Path) -> Vec<Finding> {
    let file = root.join(SAMCONFIG);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            return vec![Finding::warn(SAMCONFIG, format!("cannot be read: {error}"))];
        }
    };
    let document: Table = match text.parse() {
        Ok(document) => document,
        Err(error) => return vec![Finding::fail(SAMCONFIG, error.to_string())],
    };
    let mut found = Vec::new();
    for (name, environment) in &document {
        let Some(overrides) = overrides(environment) else {
            continue;
        };
        let about = format!("{SAMCONFIG} [{name}]");
        match parameters(overrides) {
            Err(problem) => found.push(Finding::fail(about, problem)),
            Ok(parameters) => {
                let all = plan_findings(template, &parameters).into_iter();
                found.extend(all.map(|finding| finding.within(&about)));
            }
        }
    }
    found
}

/// Checks parameters against the template, the functions and the [`advice`].
pub(super) fn plan_findings(
    template: &Path,
    parameters: &BTreeMap<String, String>,
) -> Vec<Finding> {
    match Plan::read(template, parameters, URL) {
        Err(error) => vec![Finding::fail("parameters", error.to_string())],
        Ok(plan) => {
            let refusals = settings::refusals(&plan).into_iter();
            let mut found: Vec<Finding> = refusals
                .map(|refusal| Finding::fail("parameters", refusal))
                .collect();
            found.extend(advice::findings(&plan.parameters));
            found
        }
    }
}

fn overrides(environment: &Value) -> Option<&Value> {
    let deploy = environment
        .get("deploy")
        .or_else(|| environment.get("global"))?;
    deploy.get("parameters")?.get("parameter_overrides")
}

/// Reads `["A=b"]` or `"A=b C=\"d e\""`, like SAM.
fn parameters(overrides: &Value) -> Result<BTreeMap<String, String>, String> {
    let pairs: Vec<String> = match overrides {
        Value::Array(items) => {
            let text = |item: &Value| item.as_str().map(str::to_owned);
            let items: Option<Vec<String>> = items.iter().map(text).collect();
            items.ok_or("parameter_overrides must be a list of strings")?
        }
        Value::String(text) => words(text),
        Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Table(_) => {
            return Err("parameter_overrides must be a list or a string".to_owned());
        }
    };
    let mut found = BTreeMap::new();
    for pair in pairs {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(format!(
                "parameter_overrides contains {pair}, which is not NAME=VALUE"
            ));
        };
        if found.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(format!(
                "parameter_overrides contains {name} more than once"
            ));
        }
    }
    Ok(found)
}

/// Splits at white space outside double quotes.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    for letter in text.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ' ' | '\n' | '\t' if !is_quoted => words.extend(Some(std::mem::take(&mut word))),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn parameters_in_samconfig_are_checked() {
        let root = tempfile::tempdir().unwrap();
        let infra = root.path().join("infra");
        std::fs::create_dir(&infra).unwrap();
        let template = project::repository().join(project::TEMPLATE);
        std::fs::copy(template, infra.join("template.yaml")).unwrap();
        for (overrides, level, text) in [
            (r#"["ProtectData=false"]"#, Level::Ok, "is false"),
            (
                r#""ProtectData=false LogLevel=debug""#,
                Level::Ok,
                "is false",
            ),
            (
                r#"["LogRetentionDays=2"]"#,
                Level::Fail,
                "LogRetentionDays must be one of",
            ),
            (
                r#"["LogRetention=7"]"#,
                Level::Fail,
                "did you mean LogRetentionDays?",
            ),
            (
                r#"["Argon2Iterations=1"]"#,
                Level::Fail,
                "Argon2MemoryKib and Argon2Iterations",
            ),
            (
                r#"["RefreshCookie=on", "CorsOrigins=https://app.example.com"]"#,
                Level::Fail,
                "RefreshCookie needs DomainName",
            ),
            (
                r#"["RefreshCookie=on", "CorsOrigins=http://localhost:5173", "DomainName=auth.example.com", "CertificateArn=arn:aws:acm:eu-west-1:111122223333:certificate/x"]"#,
                Level::Fail,
                "CorsOrigins must be the https origins",
            ),
            (
                r#"["RefreshCookie=on", "CorsOrigins=https://app.example.org", "DomainName=auth.example.com", "CertificateArn=arn:aws:acm:eu-west-1:111122223333:certificate/x"]"#,
                Level::Fail,
                "CorsOrigins must be a list with a page on the site of DomainName",
            ),
            (r#"["Tracing"]"#, Level::Fail, "not NAME=VALUE"),
            (r#"["A=1", "A=2"]"#, Level::Fail, "A more than once"),
            ("7", Level::Fail, "must be a list or a string"),
            ("[]", Level::Warn, "AlarmTopicArn"),
        ] {
            let text_of_file =
                format!("[x.deploy.parameters]\nparameter_overrides = {overrides}\n");
            std::fs::write(infra.join("samconfig.toml"), text_of_file).unwrap();
            let found = findings(root.path());
            let matching =
                |finding: &&Finding| format!("{} {}", finding.about, finding.text).contains(text);
            let finding = found.iter().find(matching);
            assert_eq!(
                finding.map(|one| one.level),
                Some(level),
                "{overrides}: {found:?}"
            );
        }
    }

    #[test]
    fn a_quoted_value_is_one_word() {
        assert_eq!(words(r#"A=1  B="c d" "E=f g""#), ["A=1", "B=c d", "E=f g"]);
    }
}
