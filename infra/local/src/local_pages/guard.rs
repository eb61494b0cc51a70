//! Which requests a local page or its data accepts.
//!
//! A browser sends requests to this machine for any page that asks: so the `Host` must be
//! this machine (a name that an attacker rebinds to 127.0.0.1 is still the attacker's name),
//! and a request for data must come from the local page itself.

use http::{HeaderMap, HeaderValue, Method, header};

/// What is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page or its files, which say nothing about the stack. A link may lead there.
    Page,
    /// What a page reads and sends.
    Data,
    /// What a function requests of AWS. No page has any business there.
    Service,
}

/// The names of this machine, in a `Host` without its port.
const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

const FOREIGN_HOST: &str =
    "the Host header must be localhost, 127.0.0.1 or [::1]: open the page by one of these names";
const NOT_FOR_PAGES: &str = "the request comes from a page: only functions may send it";
const FOREIGN_PAGE: &str =
    "the request comes from another page: only the pages below /_gatehouse/ may send it";

/// Accepts a request, or says why not.
pub(super) fn check(method: &Method, headers: &HeaderMap, kind: Kind) -> Result<(), &'static str> {
    let host = only(headers, &header::HOST).ok_or(FOREIGN_HOST)?;
    if !is_local(host) {
        return Err(FOREIGN_HOST);
    }
    if kind == Kind::Service {
        // Browsers send at least one of them, unless nothing can be read or changed.
        let page = [header::ORIGIN.as_str(), "sec-fetch-site", "sec-fetch-mode"];
        let is_page = page.iter().any(|name| headers.contains_key(*name));
        return if is_page { Err(NOT_FOR_PAGES) } else { Ok(()) };
    }
    let own = match headers.get(header::ORIGIN) {
        Some(origin) => is_origin_of(origin, host),
        // Browsers send an origin with everything but GET and HEAD.
        None => [Method::GET, Method::HEAD].contains(method),
    };
    let fetched = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let own_fetch = match (fetched, kind) {
        // Older browsers and other clients do not send it; without CORS, no page of another
        // origin can read the response.
        (None | Some(b"same-origin" | b"none"), _) => true,
        (Some(_), Kind::Page) => headers
            .get("sec-fetch-mode")
            .is_some_and(|mode| mode == "navigate"),
        (Some(_), Kind::Data | Kind::Service) => false,
    };
    if own && own_fetch {
        Ok(())
    } else {
        Err(FOREIGN_PAGE)
    }
}

/// Returns the value of a header that is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    LOCAL_NAMES
        .iter()
        .any(|local| name.eq_ignore_ascii_case(local))
}

fn is_origin_of(origin: &HeaderValue, host: &str) -> bool {
    let origin = origin.to_str().ok();
    origin
        .and_then(|origin| origin.strip_prefix("http://"))
        .is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(method: &str, kind: Kind, headers: &[(&str, &str)]) -> Result<(), &'static str> {
        let mut request = http::Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        check(&parts.method, &parts.headers, kind)
    }

    const HOST: (&str, &str) = ("host", "localhost:3000");

    #[test]
    fn only_names_of_this_machine_are_accepted() {
        for host in [
            "localhost:3000",
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:3000",
            "[::1]:3000",
            "[::1]",
        ] {
            assert_eq!(checked("GET", Kind::Data, &[("host", host)]), Ok(()));
        }
        for host in [
            "evil.example",
            "evil.example:3000",
            "localhost.evil.example",
            "evil-localhost",
            "127.0.0.1.evil.example:3000",
            "localhost:3000:evil",
            "[::1].evil.example",
            "::1",
            "",
        ] {
            for kind in [Kind::Page, Kind::Data, Kind::Service] {
                let refused = checked("GET", kind, &[("host", host)]);
                assert_eq!(refused, Err(FOREIGN_HOST), "{host}");
            }
        }
        assert_eq!(checked("GET", Kind::Page, &[]), Err(FOREIGN_HOST));
        let twice = [HOST, ("host", "localhost")];
        assert_eq!(checked("GET", Kind::Page, &twice), Err(FOREIGN_HOST));
    }

    #[test]
    fn data_is_only_for_the_page_itself() {
        for (site, accepted) in [
            ("same-origin", true),
            ("none", true),
            // A page on another port of this machine, such as a development server.
            ("same-site", false),
            ("cross-site", false),
        ] {
            let headers = [
                HOST,
                ("sec-fetch-site", site),
                ("sec-fetch-mode", "navigate"),
            ];
            let got = checked("GET", Kind::Data, &headers);
            assert_eq!(got.is_ok(), accepted, "{site}");
        }
        for origin in [
            "null",
            "http://localhost:5173",
            "https://localhost:3000",
            "http://evil.example",
        ] {
            for method in ["GET", "POST"] {
                let got = checked(method, Kind::Data, &[HOST, ("origin", origin)]);
                assert_eq!(got, Err(FOREIGN_PAGE), "{origin}");
            }
        }
        let own = [HOST, ("origin", "http://localhost:3000")];
        assert_eq!(checked("POST", Kind::Data, &own), Ok(()));
        assert_eq!(checked("POST", Kind::Data, &[HOST]), Err(FOREIGN_PAGE));
    }

    #[test]
    fn a_link_may_lead_to_a_page_but_no_other_page_may_load_it() {
        let from = |mode| {
            [
                HOST,
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", mode),
            ]
        };
        assert_eq!(checked("GET", Kind::Page, &from("navigate")), Ok(()));
        for mode in ["no-cors", "cors", "nested-navigate"] {
            let got = checked("GET", Kind::Page, &from(mode));
            assert_eq!(got, Err(FOREIGN_PAGE), "{mode}");
        }
    }
    #[test]
    fn no_page_sends_what_a_function_does() {
        assert_eq!(checked("POST", Kind::Service, &[HOST]), Ok(()));
        for header in [
            ("origin", "http://localhost:3000"),
            ("origin", "null"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ] {
            for method in ["GET", "POST"] {
                let got = checked(method, Kind::Service, &[HOST, header]);
                assert_eq!(got, Err(NOT_FOR_PAGES), "{header:?}");
            }
        }
    }
}
