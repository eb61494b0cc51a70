//! Which URLs can be trusted, by their scheme and host.

/// True if nobody on the network can change what is exchanged: https, or plain http
/// within this machine.
#[must_use]
pub fn is_authentic(scheme: Option<&str>, host: Option<&str>) -> bool {
    let host = host.unwrap_or_default();
    match scheme {
        Some("https") => !host.is_empty(),
        Some("http") => ["localhost", "127.0.0.1", "[::1]"].contains(&host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_authentic;

    #[test]
    fn plain_http_is_authentic_only_within_this_machine() {
        for (scheme, host, expected) in [
            ("https", "a.example", true),
            ("https", "", false),
            ("http", "localhost", true),
            ("http", "127.0.0.1", true),
            ("http", "[::1]", true),
            ("http", "localhost.a.example", false),
            ("http", "a.localhost", false),
            ("http", "127.0.0.2", false),
            ("http", "", false),
            ("ftp", "localhost", false),
        ] {
            let found = is_authentic(Some(scheme), Some(host));
            assert_eq!(found, expected, "{scheme}://{host}");
        }
        assert!(!is_authentic(None, None));
    }
}
