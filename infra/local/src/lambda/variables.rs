//! The environment that Lambda gives a function. It is built from scratch, so that
//! the developer's own proxies and AWS credentials have no influence.

use std::collections::BTreeMap;

use crate::aws::REGION;
use crate::template::FunctionSpec;

/// Returns what Lambda itself sets; the template's variables come on top.
pub(crate) fn variables(
    function: &FunctionSpec,
    dynamodb: &str,
    task_root: &str,
) -> BTreeMap<String, String> {
    let name = &function.name;
    let memory = function.memory.to_string();
    let group = format!("/aws/lambda/{name}");
    let set = [
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_ENDPOINT_URL", dynamodb),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
        ("AWS_REGION", REGION),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("LAMBDA_TASK_ROOT", task_root),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    set.into_iter().map(owned).collect()
}

/// Reports whether a variable concerns a single function's process, rather than
/// the stack that it belongs to.
pub(crate) fn is_process_specific(name: &str) -> bool {
    name.starts_with("AWS_LAMBDA_")
        || [
            "AWS_EXECUTION_ENV",
            "LAMBDA_TASK_ROOT",
            "LANG",
            "PATH",
            "TZ",
            "_HANDLER",
        ]
        .contains(&name)
}
