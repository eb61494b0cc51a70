//! The result as an image: a panel of bars for each of a few columns.

use std::fmt::Write;

use crate::columns::{COLUMNS, Column, Measured};

/// Draws the columns that have values.
pub(crate) fn draw(measured: &[Measured]) -> String {
    let mut body = String::new();
    let mut y = MARGIN;
    let plotted = |column: &&Column| PLOTTED.contains(&column.heading);
    for column in COLUMNS.iter().filter(plotted) {
        let bars: Vec<(&str, f64)> = measured
            .iter()
            .filter_map(|row| Some((row.subject.name.as_str(), (column.value)(row)?)))
            .collect();
        if !bars.is_empty() {
            y = panel(&mut body, y, column, &bars);
        }
    }
    let height = y.saturating_add(MARGIN);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title\">\n\
         <title id=\"title\">Measurements: the longer a bar, the more</title>\n\
         {STYLE}\n\
         <rect class=\"page\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n\
         {body}</svg>\n",
        WIDTH - 1,
        height.saturating_sub(1),
    )
}

/// Draws a heading and a bar for each value, and returns where it ends.
fn panel(body: &mut String, top: u32, column: &Column, bars: &[(&str, f64)]) -> u32 {
    let longest = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let mut y = top.saturating_add(LINE);
    text(body, (MARGIN, y), "heading", column.heading);
    for (name, value) in bars {
        y = y.saturating_add(LINE);
        text(body, (MARGIN, y), "", name);
        let length = if longest > 0.0 { value / longest } else { 0.0 } * LONGEST;
        let _ = writeln!(
            body,
            "<rect class=\"bar\" x=\"{LEFT}\" y=\"{}\" width=\"{:.1}\" height=\"12\"/>",
            y.saturating_sub(11),
            length.max(1.0),
        );
        let _ = writeln!(
            body,
            "<text x=\"{:.1}\" y=\"{y}\">{value:.*}</text>",
            f64::from(LEFT) + length.max(1.0) + 6.0,
            column.digits,
        );
    }
    y.saturating_add(LINE / 2)
}

fn text(body: &mut String, (x, y): (u32, u32), class: &str, text: &str) {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        body,
        "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{escaped}</text>"
    );
}

/// The headings of the columns to draw.
const PLOTTED: [&str; 5] = [
    "cold CPU ms",
    "first at 128 MB ms",
    "warm p50 us",
    "CPU us per call",
    "memory MB",
];
const WIDTH: u32 = 720;
const MARGIN: u32 = 16;
const LINE: u32 = 20;
/// Where bars begin.
const LEFT: u32 = 130;
/// The longest bar; its value still fits beside it.
const LONGEST: f64 = 480.0;
/// The colours of the other images, for light and dark pages.
const STYLE: &str = "<style>\n\
text { font: 13px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }\n\
.heading { font-weight: 600 }\n\
.page { fill: #ffffff; stroke: #d1d9e0 }\n\
.bar { fill: #0969da }\n\
@media (prefers-color-scheme: dark) {\n\
text { fill: #f0f6fc }\n\
.page { fill: #0d1117; stroke: #3d444d }\n\
.bar { fill: #4493f8 }\n\
}\n\
</style>";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::testing::measured;

    #[test]
    fn bars_are_as_long_as_their_values_and_columns_without_values_are_left_out() {
        let svg = draw(&[measured("ours", 1), measured("a<b", 3)]);
        assert!(
            svg.contains("<text class=\"\" x=\"16\" y=\"76\">a&lt;b</text>"),
            "{svg}"
        );
        let bars = |width| {
            svg.matches(&format!("width=\"{width}\" height=\"12\""))
                .count()
        };
        assert_eq!((bars("480.0"), bars("160.0")), (5, 3), "{svg}");
        assert!(!svg.contains("128 MB"), "{svg}");
    }
}
