//! How much of the suite a run has.

/// Which tests run.
pub(crate) enum Extent {
    /// All of them.
    Whole,
    /// What only a deployment can show, and what uses the permissions of the roles.
    Short,
    /// Those whose names contain one of these.
    Named(Vec<String>),
}

impl Extent {
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Self {
        let names: Vec<String> = arguments.collect();
        if names.is_empty() {
            return Self::Whole;
        }
        if names == ["--short"] {
            return Self::Short;
        }
        Self::Named(names)
    }

    /// Returns the filters for one of the two test binaries; none for all tests.
    pub(crate) fn filters(&self, suite: &str) -> Vec<String> {
        let short: &[&str] = match self {
            Self::Whole => &[],
            Self::Named(names) => return names.clone(),
            Self::Short if suite == "deployed" => &DEPLOYED,
            Self::Short => &END_TO_END,
        };
        short.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Returns the variables that shorten single tests.
    pub(crate) fn environment(&self) -> Option<(String, String)> {
        let is_short = matches!(self, Self::Short);
        is_short.then(|| ("ROTATIONS".to_owned(), "2".to_owned()))
    }

    /// Whether a permission that no test has used is one too many.
    pub(crate) fn uses_every_permission(&self) -> bool {
        !matches!(self, Self::Named(_))
    }
}

/// The end-to-end tests of a short run: those whose calls need the permissions of each role. The
/// emulator refuses a call whose permission is missing.
const END_TO_END: [&str; 21] = [
    "walk::",
    "account::",
    "address::",
    "admin::",
    "admin_list::",
    "admin_names::",
    "deletion::",
    "every_endpoint::",
    "export::",
    "forgot_mailed::",
    "introspect_clients::",
    "jwks::",
    "login::",
    "logout::",
    "new_password::",
    "notices::",
    "protected::",
    "revoke::",
    "session_limit::",
    "suppression::",
    "template::",
];

/// What only a deployment has.
const DEPLOYED: [&str; 4] = ["command::", "mail::", "own_apis::", "rotations::"];

#[cfg(test)]
mod tests {
    use gatehouse_tests::binaries::root;

    use super::*;

    /// A filter that matches nothing leaves its tests out, and nobody notices.
    #[test]
    fn every_name_of_a_short_run_is_a_module() {
        for (suite, names) in [
            ("end_to_end", END_TO_END.as_slice()),
            ("deployed", &DEPLOYED),
        ] {
            for name in names {
                let file = format!("tests/{suite}/{}.rs", name.trim_end_matches("::"));
                assert!(root().join(&file).exists(), "{file}");
            }
        }
    }
}
