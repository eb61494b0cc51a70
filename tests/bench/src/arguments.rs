//! The command line.

use std::path::PathBuf;

use anyhow::{Context, ensure};

use crate::function::{FUNCTIONS, Function};
use crate::peer::{PEERS, Peer};

/// What `cargo speed --help` prints.
pub(crate) const HELP: &str = "\
Measures cold starts and warm calls of the functions, one after the other in turns.

Usage: cargo speed [OPTIONS] [NAME]...

Names: authorizer, jwks, login, refresh, protected, register, introspect, logout, account,
admin, email, mailer, rotate-keys; by default all of them. Also peers of the authorizer, which
it fetches and builds: python, node, aws-jwt-verify, rust-defaults and c, or peers for all
five. And hash: a bare hash, to compare login with.

Options:
  --cold N           Cold starts of each [default: 20]
  --warm N           Warm calls after a cold start [default: 2000]
  --warm-rounds N    How many of the cold starts are followed by warm calls [default: 3]
  --share-rounds N   Further cold starts at the CPU share of 128 MB [default: 3]
  --bin-dir DIR      Uses the programs in a directory instead of building them
  --instructions     Counts instructions instead, and compares them with tests/instructions.txt
  --update           Writes that list instead of comparing
  --json FILE        Writes every measurement as JSON
  --plot FILE        Draws the result as an SVG image
  --help             Prints this text
";

/// The arguments, or their defaults.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) help: bool,
    pub(crate) names: Vec<Name>,
    pub(crate) cold: usize,
    pub(crate) warm: usize,
    pub(crate) warm_rounds: usize,
    pub(crate) share_rounds: usize,
    pub(crate) bin_dir: Option<PathBuf>,
    pub(crate) instructions: bool,
    pub(crate) update: bool,
    pub(crate) json: Option<PathBuf>,
    pub(crate) plot: Option<PathBuf>,
}

/// What a name on the command line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Function(Function),
    Peer(Peer),
}

impl Arguments {
    /// Parses the arguments after the program's name.
    ///
    /// # Errors
    /// If one is unknown or invalid; the message names it.
    pub(crate) fn parse(given: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut given = given;
        let mut arguments = Self {
            help: false,
            names: Vec::new(),
            cold: 20,
            warm: 2000,
            warm_rounds: 3,
            share_rounds: 3,
            bin_dir: None,
            instructions: false,
            update: false,
            json: None,
            plot: None,
        };
        while let Some(argument) = given.next() {
            let mut value = || {
                let value = given.next();
                value.with_context(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                "--help" | "-h" => arguments.help = true,
                "--cold" => arguments.cold = number(&argument, &value()?)?,
                "--warm" => arguments.warm = number(&argument, &value()?)?,
                "--warm-rounds" => arguments.warm_rounds = number(&argument, &value()?)?,
                "--share-rounds" => arguments.share_rounds = number(&argument, &value()?)?,
                "--bin-dir" => arguments.bin_dir = Some(value()?.into()),
                "--instructions" => arguments.instructions = true,
                "--update" => arguments.update = true,
                "--json" => arguments.json = Some(value()?.into()),
                "--plot" => arguments.plot = Some(value()?.into()),
                "peers" => arguments.names.extend(PEERS.map(Name::Peer)),
                name => arguments.names.push(parse_name(name)?),
            }
        }
        ensure!(arguments.cold > 0, "--cold must be at least 1");
        ensure!(
            arguments.instructions || !arguments.update,
            "--update needs --instructions"
        );
        ensure!(
            !arguments.instructions || arguments.names.is_empty(),
            "--instructions takes no names"
        );
        if arguments.names.is_empty() {
            arguments.names = FUNCTIONS.map(Name::Function).to_vec();
        }
        Ok(arguments)
    }

    /// Returns the functions and the peers among the names.
    pub(crate) fn subjects(&self) -> (Vec<Function>, Vec<Peer>) {
        let (mut functions, mut peers) = (Vec::new(), Vec::new());
        for name in &self.names {
            match name {
                Name::Function(function) => functions.push(*function),
                Name::Peer(peer) => peers.push(*peer),
            }
        }
        (functions, peers)
    }
}

fn number(name: &str, value: &str) -> anyhow::Result<usize> {
    let number = value.parse();
    number.with_context(|| format!("{name} needs a whole number instead of `{value}`"))
}

fn parse_name(name: &str) -> anyhow::Result<Name> {
    let functions = FUNCTIONS.map(|function| (function.name, Name::Function(function)));
    let peers = PEERS.into_iter().chain([Peer::Hash]);
    let peers = peers.map(|peer| (peer.name(), Name::Peer(peer)));
    let mut known = functions.into_iter().chain(peers);
    let found = known.find(|(known, _)| *known == name);
    let message = || format!("`{name}` is not an option or a name: see --help");
    found.map(|(_, name)| name).with_context(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> anyhow::Result<Arguments> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn without_names_every_function_is_measured() {
        assert_eq!(parse("").unwrap().subjects(), (FUNCTIONS.to_vec(), vec![]));
        let given = parse("--cold 2 jwks --json out.json").unwrap();
        assert_eq!(given.subjects().0.len(), 1);
        assert_eq!((given.cold, given.warm), (2, 2000));
        assert_eq!(given.json, Some("out.json".into()));
    }

    #[test]
    fn peers_stands_for_all_of_them_and_the_help_names_everything() {
        let given = parse("authorizer peers").unwrap();
        assert_eq!(given.names.len(), 6);
        assert_eq!(given.subjects().1, PEERS);
        let functions = FUNCTIONS.map(|function| function.name);
        for name in functions.into_iter().chain(PEERS.map(Peer::name)) {
            assert!(HELP.contains(name), "{name}");
        }
    }

    #[test]
    fn an_invalid_argument_is_named() {
        let error = |line| parse(line).unwrap_err().to_string();
        assert_eq!(error("--cold"), "--cold needs a value");
        assert_eq!(error("--cold 0"), "--cold must be at least 1");
        assert_eq!(
            error("--warm x"),
            "--warm needs a whole number instead of `x`"
        );
        assert_eq!(error("--update"), "--update needs --instructions");
        let expected = "--instructions takes no names";
        assert_eq!(error("--instructions jwks"), expected);
        assert!(error("--hot").starts_with("`--hot` is not an option or a name"));
    }

    #[test]
    fn every_option_is_in_the_help() {
        for option in HELP
            .split_whitespace()
            .filter(|word| word.starts_with("--"))
        {
            let parsed =
                ["", " 1", " --instructions"].map(|rest| parse(&format!("{option}{rest}")));
            assert!(parsed.iter().any(Result::is_ok), "{option}");
        }
    }
}
