//! Which column or member of a file is which of ours.

/// Our columns, in the order in which an export writes them.
pub(crate) const COLUMNS: [&str; 12] = [
    "id",
    "external_id",
    "username",
    "email",
    "password_hash",
    "roles",
    "status",
    "token_version",
    "session_version",
    "created_at",
    "updated_at",
    "password_changed_at",
];

/// What `--column` and `--ignore` say.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Columns {
    /// Reads our column OURS from the file's column THEIRS, such as `--column username=login`
    #[arg(long = "column", value_name = "OURS=THEIRS", value_parser = pair)]
    mapped: Vec<(&'static str, String)>,
    /// Leaves out a column that is not one of ours; several with commas between them
    #[arg(long = "ignore", value_name = "THEIRS", value_delimiter = ',')]
    ignored: Vec<String>,
}

/// What a column of a file is to us.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// It is read as these.
    Ours(Vec<&'static str>),
    /// `--ignore` names it.
    Ignored,
    /// It has a name of ours, but `--column` reads that from another one.
    Replaced,
    Unknown,
}

impl Columns {
    /// Finds what a column is. Case and white space around the name do not matter.
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

    /// The file's name for one of ours, if `--column` gives one.
    pub(super) fn theirs(&self, ours: &str) -> Option<&str> {
        let mapped = self.mapped.iter().find(|(name, _)| *name == ours);
        mapped.map(|(_, theirs)| theirs.as_str())
    }

    /// Every name that `--column` expects in the file.
    pub(super) fn expected(&self) -> impl Iterator<Item = &str> {
        self.mapped.iter().map(|(_, theirs)| theirs.as_str())
    }
}

/// Says what to do about columns that are not ours.
pub(super) fn advice(theirs: &[&str]) -> String {
    let names: Vec<String> = theirs.iter().map(|name| shown(name)).collect();
    format!(
        "{}: not a column of ours; read it with --column OURS=THEIRS, or leave it out with --ignore {}. Ours are {}",
        names.join(", "),
        names.join(","),
        COLUMNS.join(", ")
    )
}

/// A name as a message may repeat it.
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
        return Err("write OURS=THEIRS, such as username=login".to_owned());
    };
    let ours = COLUMNS.into_iter().find(|name| *name == ours.trim());
    let ours = ours.ok_or_else(|| format!("OURS is one of {}", COLUMNS.join(", ")))?;
    match theirs.trim() {
        "" => Err("THEIRS is empty: name a column of the file".to_owned()),
        theirs => Ok((ours, theirs.to_owned())),
    }
}

/// Characters of a name that a message repeats.
const SHOWN: usize = 40;
