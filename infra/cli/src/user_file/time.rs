//! Reads times as databases print them.
//!
//! Only unambiguous formats are read: dates that begin with the year, and numbers of seconds,
//! milliseconds or microseconds since 1970. Without an offset, a time is in UTC.

use gatehouse_auth::time::Timestamp;

/// From 1980 to 2100. Other times are not plausible for an account: they result from a wrong
/// unit, or are placeholders such as 0.
const PLAUSIBLE: std::ops::Range<i64> = 315_532_800..4_102_444_800;

/// Reads a time; returns nothing if it is invalid or ambiguous.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let moment = match text.len() {
        8 | 14 if text.bytes().all(|byte| byte.is_ascii_digit()) => compact(text),
        _ => None,
    };
    moment
        .or_else(|| number(text))
        .or_else(|| printed(text))
        .filter(|moment| PLAUSIBLE.contains(&moment.unix()))
}

/// Reads `20240115` or `20240115080000`. Other texts of these lengths are numbers.
fn compact(digits: &str) -> Option<Timestamp> {
    let part = |from: usize, to: usize| digits.get(from..to);
    let (hours, minutes, seconds) = match digits.len() {
        14 => (part(8, 10)?, part(10, 12)?, part(12, 14)?),
        _ => ("00", "00", "00"),
    };
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let text = format!("{year}-{month}-{day}T{hours}:{minutes}:{seconds}Z");
    let moment = Timestamp::parse(&text)?;
    PLAUSIBLE.contains(&moment.unix()).then_some(moment)
}

/// Reads a number of units since 1970; its length shows which unit it is in.
fn number(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let seconds = match whole.len() {
        ..=11 => number,
        12..=14 => number / 1_000,
        15..=17 => number / 1_000_000,
        _ => number / 1_000_000_000,
    };
    Some(Timestamp::from_unix(seconds))
}

/// Reads formats such as `2024-01-15 08:00:00.123456+00`.
fn printed(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let date = date.replace('/', "-");
    let rest = rest.trim_start_matches(['T', 't', ' ']);
    if rest.is_empty() {
        return Timestamp::parse(&format!("{date}T00:00:00Z"));
    }
    let end = rest.find(|letter: char| !(letter.is_ascii_digit() || ":.,".contains(letter)));
    let (clock, zone) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    let fraction = fraction.get(..9).unwrap_or(fraction);
    let zone = offset(zone.trim())?;
    Timestamp::parse(&format!("{date}T{clock}{seconds}.{fraction}{zone}"))
}

/// Reads `+00`, `+0000`, `+00:00`, `Z`, `UTC`, `+0000 UTC`, or an empty text.
fn offset(zone: &str) -> Option<String> {
    let zone = zone.strip_suffix("UTC").map_or(zone, str::trim_end);
    if ["", "Z", "z", "GMT"].contains(&zone) {
        return Some("Z".to_owned());
    }
    let (sign, digits) = zone.split_at_checked(1)?;
    let digits = digits.replace(':', "");
    let (hours, minutes) = match digits.len() {
        2 => (digits.as_str(), "00"),
        4 => digits.split_at_checked(2)?,
        _ => return None,
    };
    Some(format!("{sign}{hours}:{minutes}"))
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, read};

    #[test]
    fn times_are_read_as_databases_print_them() {
        for text in [
            "2024-01-15T08:00:00Z",
            "2024-01-15t10:30:00.999+02:30",
            "2024-01-15 08:00:00",
            "2024-01-15 08:00:00.123456+00",
            "2024-01-15 08:00:00.123456",
            "2024-01-15 13:30:00+0530",
            "2024-01-15 08:00:00.0000000 +00:00",
            "2024-01-15 08:00:00 +0000 UTC",
            "2024-01-15 08:00:00 UTC",
            "2024-01-15 08:00:00,5",
            "2024-01-15 08:00",
            "2024/01/15 08:00:00",
            "20240115080000",
            "1705305600",
            "1705305600.25",
            "1705305600000",
            "1705305600000000",
            " 1705305600 ",
        ] {
            assert_eq!(
                read(text).map(Timestamp::unix),
                Some(1_705_305_600),
                "{text}"
            );
        }
        for text in ["2024-01-15", "20240115", "2024/01/15"] {
            assert_eq!(
                read(text).map(Timestamp::unix),
                Some(1_705_276_800),
                "{text}"
            );
        }
    }

    #[test]
    fn an_ambiguous_or_invalid_time_is_not_guessed() {
        for text in [
            "",
            "0",
            "17",
            "now",
            "infinity",
            "0000-00-00 00:00:00",
            "2024-02-30 08:00:00",
            "15/01/2024 08:00",
            "01/15/2024",
            "15-JAN-24",
            "2460324.83",
            "2024-01-15 08:00:00 CET",
            "2024-01-15 25:00:00",
            "2024-01-15 08:00:00+1",
            "0044-03-15 08:00:00",
            "ä2024-01-15",
            "2024-01-15ä",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
