//! The Lambda function `mailer`.

fn main() {}
