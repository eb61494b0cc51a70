//! The corpus: for each target a folder of files, with what it is given.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_fuzz::{TARGETS, Target};
use gatehouse_tests::binaries::root;
use gatehouse_tests::settings::setting;

use crate::seeds::seeds;

/// All of it together, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Returns the entries of a target.
pub(crate) fn entries(target: Target) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder(target.name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// A seed is what a client or a file really says; the other entries are what fuzzing found.
#[test]
fn the_corpus_has_every_seed() {
    for target in TARGETS {
        for (name, seed) in seeds(target.name) {
            let file = folder(target.name).join(&name);
            if setting("UPDATE_CORPUS").is_some() {
                fs::create_dir_all(folder(target.name)).unwrap();
                fs::write(&file, &seed).unwrap();
            }
            let stored = fs::read(&file).unwrap_or_default();
            let is_current = stored == seed;
            assert!(
                is_current,
                "{name}: UPDATE_CORPUS=1 cargo test --test fuzz the_corpus"
            );
        }
    }
}

#[test]
fn the_corpus_is_small_and_belongs_to_the_targets() {
    let mut bytes = 0;
    for folder in fs::read_dir(root().join("tests/fuzz/corpus")).unwrap() {
        let folder = folder.unwrap();
        let name = folder.file_name().into_string().unwrap();
        assert!(TARGETS.iter().any(|target| target.name == name), "{name}");
        for entry in fs::read_dir(folder.path()).unwrap() {
            bytes += entry.unwrap().metadata().unwrap().len();
        }
    }
    assert!(bytes <= MAX_BYTES, "{bytes} bytes");
}

#[test]
fn every_target_has_a_binary_for_the_fuzzer() {
    let libfuzzer = root().join("tests/fuzz/libfuzzer");
    let manifest = fs::read_to_string(libfuzzer.join("Cargo.toml")).unwrap();
    let binaries: BTreeSet<&str> = manifest
        .lines()
        .filter_map(|line| {
            line.strip_prefix("path = \"fuzz_targets/")?
                .strip_suffix(".rs\"")
        })
        .collect();
    assert_eq!(binaries, TARGETS.map(|target| target.name).into());
    for Target { name, .. } in TARGETS {
        let source = libfuzzer.join(format!("fuzz_targets/{name}.rs"));
        let source = fs::read_to_string(source).unwrap();
        assert!(
            source.contains(&format!("gatehouse_fuzz::{name}(data)")),
            "{name}"
        );
    }
}

fn folder(name: &str) -> PathBuf {
    let corpus: &Path = &root().join("tests/fuzz/corpus");
    corpus.join(name)
}
