//! The account and the region that everything in the local stack belongs to, and where
//! the stand-ins of AWS services are.

/// The region of all local ARNs and clients.
pub(crate) const REGION: &str = "us-east-1";
/// The account of all local ARNs.
pub(crate) const ACCOUNT: &str = "000000000000";

/// Where the gateway serves the stand-ins of AWS services.
pub(crate) const SERVICES: &str = "/_gatehouse/aws/";

/// Returns the URL of a queue of the stack whose API has this URL.
pub(crate) fn queue_url(api: &str, name: &str) -> String {
    format!("{api}{SERVICES}sqs/{ACCOUNT}/{name}")
}

/// Returns the ARN of a resource, such as `function:login` of `lambda`.
pub(crate) fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}
