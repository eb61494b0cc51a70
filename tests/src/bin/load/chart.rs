//! The result of growth as an image: for each kind of request a bar for each number of users.

use std::fmt::Write as _;

use gatehouse_tests::long_run::grouped;

use crate::growth::{Cost, Row};

/// Draws the CPU times.
pub(crate) fn draw(sizes: &[usize], rows: &[Row]) -> String {
    let all = rows.iter().flat_map(|row| &row.costs);
    let longest = all.map(Cost::cpu).fold(1.0, f64::max);
    let mut body = String::new();
    let mut y = MARGIN + LINE;
    text(
        &mut body,
        (MARGIN, y),
        "heading",
        "CPU time per request in ms, by number of users",
    );
    for (index, size) in sizes.iter().enumerate() {
        y += LINE;
        let _ = writeln!(
            body,
            "<rect class=\"bar{index}\" x=\"{MARGIN}\" y=\"{}\" width=\"12\" height=\"12\"/>",
            y - 11,
        );
        text(&mut body, (MARGIN + 20, y), "", &grouped(*size as u64));
    }
    y += LINE / 2;
    for row in rows {
        y += LINE / 2;
        text(&mut body, (MARGIN, y + BAR + 9), "", row.name);
        for (index, cost) in row.costs.iter().enumerate() {
            let length = (cost.cpu() / longest * LONGEST).max(1.0);
            let _ = writeln!(
                body,
                "<rect class=\"bar{index}\" x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{}\"/>\n\
                 <text class=\"value\" x=\"{:.1}\" y=\"{}\">{:.2}</text>",
                BAR - 2,
                f64::from(LEFT) + length + 6.0,
                y + BAR - 3,
                cost.cpu() / 1_000.0,
            );
            y += BAR;
        }
    }
    let height = y + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title\">\n\
         <title id=\"title\">CPU time per request: the longer a bar, the more</title>\n\
         {STYLE}\n\
         <rect class=\"page\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"6\"/>\n\
         {body}</svg>\n",
        WIDTH - 1,
        height - 1,
    )
}

fn text(body: &mut String, (x, y): (u32, u32), class: &str, text: &str) {
    let _ = writeln!(
        body,
        "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>"
    );
}

const WIDTH: u32 = 720;
const MARGIN: u32 = 16;
const LINE: u32 = 20;
/// The height of a bar with the space below it.
const BAR: u32 = 12;
/// Where bars begin.
const LEFT: u32 = 230;
/// The longest bar; its value still fits beside it.
const LONGEST: f64 = 420.0;
/// The colours of the other images, for light and dark pages.
const STYLE: &str = "<style>\n\
text { font: 13px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }\n\
.heading { font-weight: 600 }\n\
.value { font-size: 11px }\n\
.page { fill: #ffffff; stroke: #d1d9e0 }\n\
.bar0 { fill: #b6d4f7 }\n\
.bar1 { fill: #5a9fe8 }\n\
.bar2 { fill: #0a4ea3 }\n\
@media (prefers-color-scheme: dark) {\n\
text { fill: #f0f6fc }\n\
.page { fill: #0d1117; stroke: #3d444d }\n\
.bar0 { fill: #1b3a61 }\n\
.bar1 { fill: #3271bd }\n\
.bar2 { fill: #7db4f5 }\n\
}\n\
</style>";
