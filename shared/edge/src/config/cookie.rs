//! Settings of the refresh cookie.

use gatehouse_auth::url::is_authentic;
use http::Uri;

use super::environment::{ConfigError, Environment};

/// Reads `REFRESH_COOKIE`: whether a login can ask for its refresh token in a cookie.
///
/// # Errors
/// If it is invalid; the message names it.
pub fn uses_refresh_cookie(environment: &Environment) -> Result<bool, ConfigError> {
    const NAME: &str = "REFRESH_COOKIE";
    match environment.text(NAME) {
        None | Some("off") => Ok(false),
        Some("on") => Ok(true),
        Some(_) => Err(ConfigError::invalid(NAME, "`off` or `on`")),
    }
}

/// The pages that may use the refresh cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieSettings {
    /// `CORS_ORIGINS`.
    origins: Vec<String>,
}

const ORIGINS: &str = "CORS_ORIGINS";
const DOMAIN: &str = "DOMAIN_NAME";

impl CookieSettings {
    /// Reads `REFRESH_COOKIE`, `CORS_ORIGINS` and `DOMAIN_NAME`; `None` if the cookie is
    /// off.
    ///
    /// Without a domain this is the local stack: the template requires one.
    ///
    /// # Errors
    /// If a setting is invalid, or no page could use the cookie; the message names the
    /// setting.
    pub fn from_environment(environment: &Environment) -> Result<Option<Self>, ConfigError> {
        if !uses_refresh_cookie(environment)? {
            return Ok(None);
        }
        let domain = environment.text(DOMAIN);
        if !domain.is_none_or(is_domain) {
            return Err(ConfigError::invalid(
                DOMAIN,
                "a domain such as auth.example.com",
            ));
        }
        let text = environment.text(ORIGINS).unwrap_or_default();
        let origins: Vec<String> = text.split(',').map(str::to_owned).collect();
        let hosts: Option<Vec<String>> = origins
            .iter()
            .map(|origin| host(origin, domain.is_none()))
            .collect();
        let Some(hosts) = hosts else {
            return Err(ConfigError::invalid(
                ORIGINS,
                "the https origins of your pages, such as https://app.example.com, and not `*`, \
                 while REFRESH_COOKIE is `on`",
            ));
        };
        if domain.is_some_and(|domain| !hosts.iter().any(|host| may_be_same_site(host, domain))) {
            return Err(ConfigError::invalid(
                ORIGINS,
                "a list with a page on the site of DOMAIN_NAME while REFRESH_COOKIE is `on`: \
                 browsers send the cookie only from pages of the same site",
            ));
        }
        Ok(Some(Self { origins }))
    }

    /// Whether a request with this header `Origin` comes from one of the pages. `null`, two
    /// joined headers, and any other spelling are no page's.
    #[must_use]
    pub fn allows(&self, origin: Option<&str>) -> bool {
        origin.is_some_and(|origin| self.origins.iter().any(|one| one == origin))
    }
}

fn is_domain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
}

/// Returns the host of an https origin that is spelled as browsers send it. Browsers treat
/// plain http on this machine as https.
fn host(origin: &str, is_local: bool) -> Option<String> {
    let uri: Uri = origin.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let host = authority.host();
    let is_plain = format!("{scheme}://{authority}") == origin && !origin.contains('@');
    let is_secure = scheme == "https" || (is_local && is_authentic(Some(scheme), Some(host)));
    (is_plain && is_secure && !host.contains('*')).then(|| host.to_owned())
}

/// Hosts of one site have at least their last two labels in common. Which more they must
/// have in common is on the Public Suffix List.
fn may_be_same_site(host: &str, domain: &str) -> bool {
    let last =
        |name: &str| -> Vec<String> { name.rsplit('.').take(2).map(str::to_owned).collect() };
    last(host) == last(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<CookieSettings>, String> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        CookieSettings::from_environment(&environment).map_err(|error| error.to_string())
    }

    const ON: (&str, &str) = ("REFRESH_COOKIE", "on");

    #[test]
    fn the_cookie_is_off_by_default_whatever_the_other_settings_are() {
        for pairs in [
            &[][..],
            &[("REFRESH_COOKIE", "off"), (ORIGINS, "*"), (DOMAIN, "x")],
            &[("REFRESH_COOKIE", "")],
        ] {
            assert_eq!(read(pairs), Ok(None), "{pairs:?}");
        }
        let error = read(&[("REFRESH_COOKIE", "yes")]).unwrap_err();
        assert_eq!(error, "REFRESH_COOKIE must be `off` or `on`");
    }

    #[test]
    fn a_deployed_cookie_needs_https_origins_on_the_site_of_the_domain() {
        let on = |origins, domain| read(&[ON, (ORIGINS, origins), (DOMAIN, domain)]);
        for origins in [
            "https://app.example.com",
            "https://example.com:8443",
            "https://auth.example.com",
            "https://other.test,https://app.example.com",
        ] {
            assert!(on(origins, "auth.example.com").is_ok(), "{origins}");
        }
        for origins in [
            "",
            "*",
            "https://*",
            "http://app.example.com",
            "http://localhost:5173",
            "https://app.example.com,http://b.example.com",
            "https://app.example.com,*",
            "https://app.example.com,",
            "https://app.example.com/",
            "https://app.example.com/x",
            "https://x@app.example.com",
            "app.example.com",
            "null",
        ] {
            let error = on(origins, "auth.example.com").unwrap_err();
            assert!(
                error.starts_with("CORS_ORIGINS must be the https"),
                "{origins}: {error}"
            );
        }
        let error = on("https://other.test", "auth.example.com").unwrap_err();
        assert!(error.contains("same site"), "{error}");
        let error = on("https://app.example.com", "no { sense").unwrap_err();
        assert!(error.starts_with("DOMAIN_NAME must be"), "{error}");
    }

    #[test]
    fn plain_http_on_this_machine_is_enough_for_the_local_stack() {
        for (origins, expected) in [
            ("http://localhost:5173", true),
            ("http://127.0.0.1:5173", true),
            ("https://app.example.test", true),
            ("http://app.example.test", false),
            ("http://localhost.example.test", false),
            ("*", false),
            ("", false),
        ] {
            assert_eq!(
                read(&[ON, (ORIGINS, origins)]).is_ok(),
                expected,
                "{origins}"
            );
        }
    }

    #[test]
    fn only_the_exact_origin_of_a_page_is_allowed() {
        let pages = "https://app.example.com,https://b.example.com:8443";
        let settings = read(&[ON, (ORIGINS, pages)]).unwrap().unwrap();
        for origin in ["https://app.example.com", "https://b.example.com:8443"] {
            assert!(settings.allows(Some(origin)), "{origin}");
        }
        assert!(!settings.allows(None));
        for origin in [
            "",
            "null",
            "*",
            "https://b.example.com",
            "https://app.example.com:443",
            "https://app.example.com/",
            "http://app.example.com",
            "https://APP.example.com",
            "https://evil.example.com",
            "https://app.example.com.evil.test",
            "https://app.example.com,https://app.example.com",
            "https://app.example.com https://b.example.com:8443",
        ] {
            assert!(!settings.allows(Some(origin)), "{origin}");
        }
    }
}
