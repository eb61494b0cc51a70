//! Mutations of the corpus: what libFuzzer does, but without knowing what it reached.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::{Index, select};

/// An entry, and what is changed in it.
#[derive(Debug, Clone)]
pub(crate) struct Mutated {
    entry: usize,
    edits: Vec<Edit>,
}

#[derive(Debug, Clone)]
enum Edit {
    Replace(Index, u8),
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Word(Index, &'static str),
    Remove(Index, u8),
    Repeat(Index, u8),
    Cut(Index),
    /// Goes on with the end of another entry.
    Splice(Index, usize, Index),
}

/// What the readers look for.
const WORDS: [&str; 40] = [
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-1",
    "1e300",
    "\n",
    "\r\n",
    "\t",
    " ",
    "\u{feff}",
    "\u{202e}",
    "\u{0}",
    "é",
    "e\u{301}",
    "ﬁ",
    "%00",
    "%ff",
    "&",
    "=",
    ";",
    "+",
    "$",
    ".",
    "Bearer ",
    "__Host-refresh_token=",
    "!Ref ",
    "Fn::Sub",
    "- ",
    "99999999999999999999",
    "m=4294967295",
    "\"\"",
];

/// Returns mutations of a corpus with this many entries.
pub(crate) fn of(entries: usize) -> impl Strategy<Value = Mutated> {
    let index = any::<Index>;
    let edit = prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (index(), 0..8_u8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        (index(), vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (index(), select(&WORDS[..])).prop_map(|(at, word)| Edit::Word(at, word)),
        (index(), 1..32_u8).prop_map(|(at, length)| Edit::Remove(at, length)),
        (index(), 1..64_u8).prop_map(|(at, length)| Edit::Repeat(at, length)),
        index().prop_map(Edit::Cut),
        (index(), 0..entries, index()).prop_map(|(at, other, from)| Edit::Splice(at, other, from)),
    ];
    (0..entries, vec(edit, 1..6)).prop_map(|(entry, edits)| Mutated { entry, edits })
}

impl Mutated {
    pub(crate) fn apply(&self, entries: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = entries[self.entry].clone();
        for edit in &self.edits {
            edit.apply(&mut bytes, entries);
        }
        bytes
    }
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>, entries: &[Vec<u8>]) {
        // One beyond the end, where text can be inserted.
        let place = |at: &Index| at.index(bytes.len() + 1);
        match self {
            Self::Replace(at, byte) => {
                let at = place(at);
                if let Some(replaced) = bytes.get_mut(at) {
                    *replaced = *byte;
                }
            }
            Self::Flip(at, bit) => {
                let at = place(at);
                if let Some(flipped) = bytes.get_mut(at) {
                    *flipped ^= 1 << bit;
                }
            }
            Self::Insert(at, inserted) => insert(bytes, *at, inserted),
            Self::Word(at, word) => insert(bytes, *at, word.as_bytes()),
            Self::Remove(at, length) => {
                let from = place(at);
                let to = (from + usize::from(*length)).min(bytes.len());
                bytes.drain(from..to);
            }
            Self::Repeat(at, length) => {
                let from = place(at);
                let to = (from + usize::from(*length)).min(bytes.len());
                let repeated = bytes[from..to].to_vec();
                insert(bytes, *at, &repeated);
            }
            Self::Cut(at) => bytes.truncate(place(at)),
            Self::Splice(at, other, from) => {
                let other = &entries[*other];
                let from = from.index(other.len() + 1);
                bytes.truncate(place(at));
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: Index, inserted: &[u8]) {
    let at = at.index(bytes.len() + 1);
    bytes.splice(at..at, inserted.iter().copied());
}
