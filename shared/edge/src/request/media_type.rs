//! The `Content-Type` of the bodies that we read.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
}

/// Parses a header's value; `None` for any other type, or any charset except UTF-8. Other
/// parameters are ignored.
pub(super) fn parse(value: &str) -> Option<MediaType> {
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next()?;
    let media_type = if essence.eq_ignore_ascii_case("application/json") {
        MediaType::Json
    } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        MediaType::Form
    } else {
        return None;
    };
    let utf8 = parts.filter_map(charset).all(is_utf8);
    utf8.then_some(media_type)
}

fn charset(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    let value = value.trim();
    let unquoted = ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    name.trim()
        .eq_ignore_ascii_case("charset")
        .then_some(unquoted.unwrap_or(value).trim())
}

/// Many clients write `utf8`; US-ASCII is a subset of UTF-8.
fn is_utf8(name: &str) -> bool {
    ["utf-8", "utf8", "us-ascii"]
        .into_iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_forms_are_recognised_in_any_spelling() {
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json; charset=utf8",
            "application/json;charset=UTF8",
            "application/json; charset=\"utf8\"",
            "application/json; charset='utf-8'",
            "application/json ; Charset = UTF-8 ",
            "application/json; charset=us-ascii",
            "application/json; profile=x",
            "application/json;",
        ] {
            assert_eq!(parse(json), Some(MediaType::Json), "{json}");
        }
        let form = "application/x-www-form-urlencoded;charset=UTF-8";
        assert_eq!(parse(form), Some(MediaType::Form));
    }

    #[test]
    fn other_types_and_other_charsets_are_refused() {
        for other in [
            "",
            "text/plain",
            "application/jsonp",
            "application/problem+json",
            "application/json, application/json",
            "application/json; charset=utf-16",
            "application/json; charset=utf-8-sig",
            "application/json; charset=utf7",
            "application/json; charset=iso-8859-1",
            "application/json; charset='utf-8\"",
            "application/json; charset=utf-8; charset=latin1",
            "application/json; charset=\"utf-8",
            "application/json; charset=",
        ] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }
}
