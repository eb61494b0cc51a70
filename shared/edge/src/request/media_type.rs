//! The `Content-Type` of a body, as far as we read bodies.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
}

/// Parses a header's value; `None` for any other type, or any charset but UTF-8.
/// Parameters of other names are ignored.
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
    let utf8 = parts
        .filter_map(charset)
        .all(|name| name.eq_ignore_ascii_case("utf-8"));
    utf8.then_some(media_type)
}

fn charset(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    let unquoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    name.trim()
        .eq_ignore_ascii_case("charset")
        .then_some(unquoted.unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_forms_are_known_by_any_spelling() {
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
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
            "application/json; charset=utf-8; charset=latin1",
            "application/json; charset=\"utf-8",
            "application/json; charset=",
        ] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }
}
