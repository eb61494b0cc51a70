//! The account and the region that everything in the local stack belongs to.

/// The region of all local ARNs and clients.
pub(crate) const REGION: &str = "us-east-1";
/// The account of all local ARNs.
pub(crate) const ACCOUNT: &str = "000000000000";

/// Returns the ARN of a resource, such as `function:login` of `lambda`.
pub(crate) fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}
