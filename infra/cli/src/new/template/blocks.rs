//! The resources of a template, as ranges of its lines.

use crate::new::text::Text;

/// One resource.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) id: String,
    /// Its `Type`; empty if it has none.
    pub(super) kind: String,
    /// The index of the line with its id.
    pub(super) start: usize,
    /// The index behind its last line. Blank lines and comments before the next resource
    /// belong to that one.
    pub(super) end: usize,
    /// Its lines.
    pub(super) text: String,
}

/// Returns the blocks under `Resources`, indented by two blanks; none if there are no
/// `Resources`.
pub(super) fn blocks(text: &Text) -> Vec<Block> {
    let lines = text.lines();
    let mut found: Vec<Block> = Vec::new();
    let mut inside = false;
    for (index, line) in lines.iter().enumerate() {
        if line.starts_with(|first: char| !first.is_whitespace() && first != '#') {
            inside = line == "Resources:";
            continue;
        }
        if !inside {
            continue;
        }
        if let Some(id) = id(line) {
            found.push(Block {
                id: id.to_owned(),
                kind: String::new(),
                start: index,
                end: index + 1,
                text: String::new(),
            });
        }
        let Some(block) = found.last_mut() else {
            continue;
        };
        if let Some(kind) = line.strip_prefix("    Type: ") {
            kind.clone_into(&mut block.kind);
        }
        if line.starts_with("   ") {
            block.end = index + 1;
        }
    }
    for block in &mut found {
        let own = lines.iter().take(block.end).skip(block.start);
        block.text = own.flat_map(|line| [line, "\n"]).collect();
    }
    found
}

/// Returns the id in a line such as `  LoginFunction:`.
fn id(line: &str) -> Option<&str> {
    let id = line.strip_prefix("  ")?.strip_suffix(':')?;
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then_some(id)
}
