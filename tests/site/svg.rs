//! What the diagrams have in common: colours, text, and the frame.

use std::fmt::Write as _;

/// Free space at the sides.
pub(crate) const MARGIN: u32 = 16;
/// From one line of a text to the next.
pub(crate) const LINE: u32 = 18;

/// A drawing that grows.
pub(crate) struct Drawing(String);

/// Where a text begins or where its middle is.
#[derive(Clone, Copy)]
pub(crate) enum Align {
    Start,
    Middle,
}

/// A rectangle: left, top, width, height.
pub(crate) type Rectangle = (u32, u32, u32, u32);

impl Drawing {
    pub(crate) fn new() -> Self {
        Self(String::new())
    }

    /// Adds an element, such as `<line …/>`.
    pub(crate) fn add(&mut self, element: &str) {
        self.0.push_str(element);
        self.0.push('\n');
    }

    /// Adds another drawing on top.
    pub(crate) fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    pub(crate) fn rectangle(&mut self, class: &str, (x, y, width, height): Rectangle) {
        self.add(&format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
             height=\"{height}\" rx=\"5\"/>"
        ));
    }

    /// Adds lines of text, the first at this height.
    pub(crate) fn text(&mut self, align: Align, (x, y): (u32, u32), lines: &[impl AsRef<str>]) {
        let anchor = match align {
            Align::Start => "start",
            Align::Middle => "middle",
        };
        let mut y = y;
        for line in lines {
            let line = escaped(line.as_ref());
            self.add(&format!(
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{line}</text>"
            ));
            y += LINE;
        }
    }

    /// Adds a line of bold text.
    pub(crate) fn heading(&mut self, (x, y): (u32, u32), text: &str) {
        let text = escaped(text);
        self.add(&format!(
            "<text class=\"heading\" x=\"{x}\" y=\"{y}\">{text}</text>"
        ));
    }

    /// Adds a horizontal arrow.
    pub(crate) fn arrow(&mut self, class: &str, (from, to): (u32, u32), y: u32) {
        let (tip, back) = if from < to {
            (to - 2, to - 10)
        } else {
            (to + 2, to + 10)
        };
        let (above, below) = (y - 5, y + 5);
        self.add(&format!(
            "<line class=\"{class}\" x1=\"{from}\" y1=\"{y}\" x2=\"{back}\" y2=\"{y}\"/>\n\
             <path class=\"tip\" d=\"M{tip} {y}L{back} {above}L{back} {below}z\"/>"
        ));
    }

    /// Returns the image, with a background of its own: the site's theme may differ from
    /// the one that the browser prefers.
    pub(crate) fn finish(self, texts: (&str, &str), (width, height): (u32, u32)) -> String {
        let (title, description) = (escaped(texts.0), escaped(texts.1));
        let mut svg = String::new();
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">\n\
             <title id=\"title\">{title}</title>\n<desc id=\"desc\">{description}</desc>\n\
             {STYLE}<rect class=\"page\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n\
             {}</svg>\n",
            self.0
        );
        svg
    }
}

/// How wide a text is at most, in any of the fonts.
pub(crate) fn width(text: &str) -> u32 {
    let letters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    letters * 36 / 5
}

/// How wide the widest line is.
pub(crate) fn widest(lines: &[String]) -> u32 {
    let widths = lines.iter().map(|line| width(line));
    widths.max().unwrap_or_default()
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// For light and dark.
const STYLE: &str = "<style>
text { font: 13px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }
.heading { font-weight: 600 }
.page { fill: #ffffff; stroke: #d1d9e0 }
.box { fill: #ddf4ff; stroke: #0969da }
.note { fill: #fff8c5; stroke: #9a6700 }
.section { fill: #f0f2f5 }
.life { stroke: #9198a1; stroke-dasharray: 3 4 }
.request, .response { stroke: #1f2328; stroke-width: 1.5 }
.response { stroke-dasharray: 6 3 }
.tip { fill: #1f2328 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.page { fill: #0d1117; stroke: #3d444d }
.box { fill: #0c2d6b; stroke: #4493f8 }
.note { fill: #341a00; stroke: #d29922 }
.section { fill: #1c2128 }
.life { stroke: #656c76 }
.request, .response { stroke: #f0f6fc }
.tip { fill: #f0f6fc }
}
</style>
";
