//! The parts of the long run. `docs/development.md` says how to add one.

/// What one name of `cargo long` runs.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// The name on the command line and in the ledger.
    pub(crate) name: &'static str,
    /// What it proves, in a line.
    pub(crate) about: &'static str,
    /// The arguments of Cargo.
    pub(crate) command: &'static [&'static str],
    /// Whether it goes on for as long as `--for` says: each run adds to the sum.
    pub(crate) is_endless: bool,
}

/// All parts, in the order in which they run.
pub(crate) const PARTS: &[Part] = &[
    Part {
        name: "deployed",
        about: "the whole end-to-end suite on an emulator of AWS, and the size of each function",
        command: &["deployed"],
        is_endless: false,
    },
    Part {
        name: "faults",
        about: "pairs of faults in every operation that writes, in random order",
        command: &[
            "test",
            "--locked",
            "--profile=long",
            "--test",
            "fault_matrix",
            "pairs::",
            "--",
            "--ignored",
        ],
        is_endless: true,
    },
    Part {
        name: "races",
        about: "256 refreshes at once with one token, with random delays and faults",
        command: &[
            "test",
            "--locked",
            "--profile=long",
            "--test",
            "fault_matrix",
            "races::refreshes",
            "--",
            "--ignored",
        ],
        is_endless: true,
    },
    Part {
        name: "registrations",
        about: "1,000 registrations of one name at once, with random delays and faults",
        command: &[
            "test",
            "--locked",
            "--profile=long",
            "--test",
            "fault_matrix",
            "races::a_thousand",
            "--",
            "--ignored",
        ],
        is_endless: true,
    },
    Part {
        name: "histories",
        about: "concurrent histories of a session's clients, each with an order",
        command: &[
            "test",
            "--locked",
            "--profile=long",
            "--test",
            "fault_matrix",
            "concurrent::",
            "--",
            "--ignored",
        ],
        is_endless: true,
    },
    Part {
        name: "revocation",
        about: "revoked tokens at the next call of the authorizer, also with faults",
        command: &[
            "test",
            "--locked",
            "--profile=long",
            "--test",
            "fault_matrix",
            "revocation::",
            "--",
            "--ignored",
        ],
        is_endless: true,
    },
    Part {
        name: "cuts",
        about: "refreshes whose responses are cut off at every byte",
        command: &[
            "test",
            "--locked",
            "--test",
            "end_to_end",
            "cuts::",
            "--",
            "--ignored",
        ],
        is_endless: true,
    },
    Part {
        name: "enumeration",
        about: "response times for 10,000 pairs of known and unknown names; needs an idle machine",
        command: &[
            "test",
            "--locked",
            "--profile=long",
            "--test",
            "enumeration",
            "--",
            "--ignored",
        ],
        is_endless: false,
    },
    Part {
        name: "flood",
        about: "10,000 requests for one person's mail in a day, from a hundred addresses",
        command: &["test", "--locked", "--test", "flood", "--", "--ignored"],
        is_endless: false,
    },
    Part {
        name: "kills",
        about: "functions, mailers and local stacks killed at random instants",
        command: &[
            "test",
            "--locked",
            "--test",
            "kills",
            "in_the_long_run",
            "--",
            "--ignored",
        ],
        is_endless: true,
    },
    Part {
        name: "fuzz",
        about: "libFuzzer on everything that reads hostile bytes; 10 minutes each without --for",
        command: &["run", "--bin", "fuzz"],
        is_endless: true,
    },
    Part {
        name: "tokens",
        about: "tokens with any bit flipped, and every policy case at every place that takes one",
        command: &[
            "test",
            "--locked",
            "--profile=long",
            "--test",
            "fault_matrix",
            "--",
            "flips::",
            "policy_cases::",
            "--include-ignored",
        ],
        is_endless: true,
    },
    Part {
        name: "properties",
        about: "the property tests of the libraries, with one seed after another",
        command: &["test", "--locked", "--test", "properties"],
        is_endless: true,
    },
    Part {
        name: "speed",
        about: "cold starts, warm calls and sizes of every function; needs an idle machine",
        command: &["speed"],
        is_endless: false,
    },
    Part {
        name: "growth",
        about: "what requests cost with 10, with 1,000 and with a million users",
        command: &["load", "growth"],
        is_endless: false,
    },
    Part {
        name: "load",
        about: "the local stack under load: latencies, failures, and whether the memory stays flat",
        command: &["load"],
        is_endless: true,
    },
    Part {
        name: "coverage",
        about: "which lines of shared/auth and shared/store the tests run; needs LLVM 19 or newer",
        command: &["run", "--locked", "--bin", "long", "measure-coverage"],
        is_endless: false,
    },
    Part {
        name: "mutants-verifier",
        about: "whether the tests notice changes of the verifier; needs cargo-mutants",
        command: &[
            "run",
            "--locked",
            "--bin",
            "long",
            "measure-mutants",
            "verifier",
        ],
        is_endless: true,
    },
    Part {
        name: "mutants-refresh",
        about: "whether the tests notice changes of the refresh step; needs cargo-mutants",
        command: &[
            "run",
            "--locked",
            "--bin",
            "long",
            "measure-mutants",
            "refresh",
        ],
        is_endless: true,
    },
    Part {
        name: "mutants-guessing",
        about: "whether the tests notice changes of the guessing rules; needs cargo-mutants",
        command: &[
            "run",
            "--locked",
            "--bin",
            "long",
            "measure-mutants",
            "guessing",
        ],
        is_endless: true,
    },
    Part {
        name: "mutants-authorizer",
        about: "whether the tests notice changes of the authorizer; needs cargo-mutants",
        command: &[
            "run",
            "--locked",
            "--bin",
            "long",
            "measure-mutants",
            "authorizer",
        ],
        is_endless: true,
    },
    Part {
        name: "mutants-accounts",
        about: "whether the tests notice changes of the transactions of accounts; needs cargo-mutants",
        command: &[
            "run",
            "--locked",
            "--bin",
            "long",
            "measure-mutants",
            "accounts",
        ],
        is_endless: true,
    },
    Part {
        name: "reproducible",
        about: "builds every function twice, for a deployment, and compares the binaries",
        command: &[
            "test",
            "--locked",
            "--test",
            "development",
            "every_function_has",
            "--",
            "--ignored",
        ],
        is_endless: false,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use gatehouse_tests::binaries::root;

    use super::*;

    #[test]
    fn every_part_has_a_name_of_its_own_and_a_row_in_the_document() -> anyhow::Result<()> {
        let document = fs::read_to_string(root().join("docs/development.md"))?;
        let names: BTreeSet<&str> = PARTS.iter().map(|part| part.name).collect();
        assert_eq!(names.len(), PARTS.len());
        for part in PARTS {
            let row = format!("| `cargo long {}` | ", part.name);
            assert!(document.contains(&row), "{row}");
        }
        Ok(())
    }
}
