//! How the columns of a CSV file, or the members of JSON objects, map to fields of a user.

/// The fields of a user, in the order of the columns of an export.
pub(crate) const COLUMNS: [&str; 13] = [
    "id",
    "external_id",
    "username",
    "email",
    "email_verified",
    "password_hash",
    "roles",
    "status",
    "token_version",
    "session_version",
    "created_at",
    "updated_at",
    "password_changed_at",
];

/// The options `--column` and `--ignore`.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Columns {
    /// Reads the field OURS from the file's column THEIRS, such as `--column username=login`; may be repeated
    #[arg(long = "column", value_name = "OURS=THEIRS", value_parser = pair)]
    mapped: Vec<(&'static str, String)>,
    /// Ignores an unknown column; separate several with commas
    #[arg(long = "ignore", value_name = "THEIRS", value_delimiter = ',')]
    ignored: Vec<String>,
}

/// How a column of a file is used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// It is read into these fields.
    Ours(Vec<&'static str>),
    /// `--ignore` lists it.
    Ignored,
    /// It has the name of a field that `--column` reads from another column.
    Replaced,
    Unknown,
}

impl Columns {
    /// Returns how a column is used. Case and surrounding white space do not matter.
    pub(super) fn resolve(&self, theirs: &str) -> Column {
        let theirs = theirs.trim();
        let mapped = self.mapped.iter();
        let mapped = mapped.filter(|(_, name)| name.eq_ignore_ascii_case(theirs));
        let mapped: Vec<&'static str> = mapped.map(|(ours, _)| *ours).collect();
        if !mapped.is_empty() {
            return Column::Ours(mapped);
        }
        let ignored = |name: &String| name.trim().eq_ignore_ascii_case(theirs);
        if self.ignored.iter().any(ignored) {
            return Column::Ignored;
        }
        match COLUMNS
            .into_iter()
            .find(|ours| ours.eq_ignore_ascii_case(theirs))
        {
            Some(ours) if self.theirs(ours).is_some() => Column::Replaced,
            Some(ours) => Column::Ours(vec![ours]),
            None => Column::Unknown,
        }
    }

    /// Returns the column that `--column` names for a field.
    pub(super) fn theirs(&self, ours: &str) -> Option<&str> {
        let mapped = self.mapped.iter().find(|(name, _)| *name == ours);
        mapped.map(|(_, theirs)| theirs.as_str())
    }

    /// Returns every column that `--column` names.
    pub(super) fn expected(&self) -> impl Iterator<Item = &str> {
        self.mapped.iter().map(|(_, theirs)| theirs.as_str())
    }
}

/// Explains what to do about unknown columns.
pub(super) fn advice(theirs: &[&str]) -> String {
    let names: Vec<String> = theirs.iter().map(|name| shown(name)).collect();
    let (columns, it) = if names.len() == 1 {
        ("column", "it")
    } else {
        ("columns", "them")
    };
    format!(
        "unknown {columns} {}: read {it} with --column OURS=THEIRS, or ignore {it} with --ignore {}. Known columns are {}",
        names.join(", "),
        names.join(","),
        COLUMNS.join(", ")
    )
}

/// How many characters of a name a message shows.
const SHOWN: usize = 40;

/// Formats a name for a message.
pub(super) fn shown(name: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "_-. ".contains(letter);
    let name: String = name.chars().take(SHOWN).collect();
    if name.chars().all(plain) && !name.contains(' ') {
        name
    } else {
        format!("{name:?}")
    }
}

fn pair(text: &str) -> Result<(&'static str, String), String> {
    let Some((ours, theirs)) = text.split_once('=') else {
        return Err("expected OURS=THEIRS, such as username=login".to_owned());
    };
    let ours = COLUMNS.into_iter().find(|name| *name == ours.trim());
    let ours = ours.ok_or_else(|| format!("OURS must be one of {}", COLUMNS.join(", ")))?;
    match theirs.trim() {
        "" => Err("THEIRS must be the name of a column in the file".to_owned()),
        theirs => Ok((ours, theirs.to_owned())),
    }
}
