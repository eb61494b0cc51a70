//! Every link of every document leads somewhere, as GitHub shows it. `tests/site` checks
//! the same documents as a built site.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use gatehouse_tests::binaries::root;
use gatehouse_tests::document::documents;

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_exist() -> anyhow::Result<()> {
    let pages = pages()?;
    let mut checked = 0;
    for (path, page) in &pages {
        for target in page.links.iter().filter(|target| !is_external(target)) {
            let problem = problem_of(path, target, &pages);
            assert_eq!(problem, None, "{}: {target}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} links were found");
    Ok(())
}

/// Only their form: no test depends on the servers of others.
#[test]
fn every_link_to_the_web_is_a_plain_https_url() -> anyhow::Result<()> {
    let mut checked = BTreeSet::new();
    for (path, page) in pages()? {
        for target in page.links.iter().filter(|target| is_external(target)) {
            let url = reqwest::Url::parse(target)
                .with_context(|| format!("{}: {target}", path.display()))?;
            let host = url.host_str().unwrap_or_default();
            let local = host == "localhost" && url.scheme() == "http";
            let public = url.scheme() == "https" && host.contains('.') && url.port().is_none();
            assert!(local || public, "{}: {target}", path.display());
            let plain = url.username().is_empty() && !target.ends_with(['.', ',', ';', ':']);
            assert!(plain, "{}: {target}", path.display());
            checked.insert(target.clone());
        }
    }
    assert!(checked.len() > 40, "only {checked:?} were found");
    Ok(())
}

#[test]
fn every_reference_and_footnote_is_defined_once_and_used() -> anyhow::Result<()> {
    for (path, page) in pages()? {
        let mut defined = BTreeSet::new();
        for label in &page.defined {
            assert!(defined.insert(label), "{}: [{label}] twice", path.display());
            // A part of the README is in another page, too, which defines its own.
            let used = page.used.contains(label) || page.text.contains("{{#include");
            assert!(used, "{}: [{label}] is not used", path.display());
        }
        for label in &page.required {
            let known = defined.contains(label);
            assert!(known, "{}: [{label}] is not defined", path.display());
        }
    }
    Ok(())
}

/// mdBook builds only what the summary lists.
#[test]
fn every_page_is_in_the_summary_once() -> anyhow::Result<()> {
    let summary = Path::new("docs/SUMMARY.md");
    let pages = pages()?;
    let listed = &pages.get(summary).context("no summary")?.links;
    let beside = |target: &String| normal(&Path::new("docs").join(target));
    let listed: Vec<PathBuf> = listed.iter().filter_map(beside).collect();
    for path in pages.keys().filter(|path| path.starts_with("docs")) {
        let times = listed.iter().filter(|listed| *listed == path).count();
        let wanted = usize::from(path != summary);
        assert_eq!(times, wanted, "docs/SUMMARY.md lists {}", path.display());
    }
    Ok(())
}

/// What a document contains, apart from code.
struct Page {
    text: String,
    links: Vec<String>,
    /// The labels in `[text][label]`, `[^label]` and `[label]`.
    used: BTreeSet<String>,
    /// Those of the first two forms. The third may be just text in brackets.
    required: BTreeSet<String>,
    /// The labels in `[label]: target` and `[^label]: text`.
    defined: Vec<String>,
    /// What `#…` may name.
    anchors: BTreeSet<String>,
}

fn pages() -> anyhow::Result<BTreeMap<PathBuf, Page>> {
    let mut pages = BTreeMap::new();
    for path in documents()? {
        let text = std::fs::read_to_string(root().join(&path))?;
        pages.insert(path, Page::read(&text));
    }
    Ok(pages)
}

impl Page {
    fn read(text: &str) -> Self {
        let prose = without_blocks(text);
        let mut page = Self {
            text: text.to_owned(),
            links: Vec::new(),
            used: BTreeSet::new(),
            required: BTreeSet::new(),
            defined: Vec::new(),
            anchors: BTreeSet::new(),
        };
        for heading in prose.lines().filter(|line| line.starts_with('#')) {
            page.add_heading(heading.trim_start_matches('#').trim());
        }
        let mut rest = String::new();
        for line in without_spans(&prose).lines() {
            let defined = definition(line);
            if let Some((label, target)) = defined {
                page.defined.push(label.to_owned());
                if !label.starts_with('^') {
                    page.links.push(target.to_owned());
                }
            }
            // A footnote's text may contain links; a definition is not a use of its label.
            let text = match defined {
                Some((label, text)) if label.starts_with('^') => text,
                Some(_) => "",
                None => line,
            };
            rest.push_str(text);
            rest.push('\n');
        }
        page.add_links(&rest);
        page
    }

    /// Adds what GitHub makes of a heading: lower case, no punctuation, hyphens.
    fn add_heading(&mut self, heading: &str) {
        let mut plain = heading.to_owned();
        while let Some((before, rest)) = plain.split_once("](") {
            let after = rest.split_once(')').map_or("", |(_, after)| after);
            plain = format!("{before}{after}");
        }
        let slug: String = plain
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect();
        let mut unique = slug.clone();
        let mut times = 0;
        while !self.anchors.insert(unique.clone()) {
            times += 1;
            unique = format!("{slug}-{times}");
        }
    }

    fn add_links(&mut self, prose: &str) {
        for piece in prose.split("](").skip(1) {
            let target = piece.split([')', ' ', '\n']).next().unwrap_or_default();
            self.links.push(target.to_owned());
        }
        for piece in prose.split("<https://").skip(1) {
            let target = piece.split('>').next().unwrap_or_default();
            self.links.push(format!("https://{target}"));
        }
        for attribute in [" href=\"", " src=\"", " srcset=\""] {
            for piece in prose.split(attribute).skip(1) {
                let target = piece.split('"').next().unwrap_or_default();
                self.links.push(target.to_owned());
            }
        }
        for attribute in [" id=\"", " name=\""] {
            for piece in prose.split(attribute).skip(1) {
                let anchor = piece.split('"').next().unwrap_or_default();
                self.anchors.insert(anchor.to_owned());
            }
        }
        for (at, _) in prose.match_indices('[') {
            let Some((label, after)) = prose[at + 1..].split_once(']') else {
                continue;
            };
            if after.starts_with(['(', '[']) {
                continue;
            }
            let label = label.replace('\n', " ");
            if label.starts_with('^') || prose[..at].ends_with(']') {
                self.required.insert(label.clone());
            }
            self.used.insert(label);
        }
    }
}

fn is_external(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// What is wrong with a relative link, if anything is.
fn problem_of(from: &Path, target: &str, pages: &BTreeMap<PathBuf, Page>) -> Option<&'static str> {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = from.parent().unwrap_or(Path::new(""));
    let path = if file.is_empty() {
        from.to_owned()
    } else {
        match normal(&folder.join(file)) {
            Some(path) => path,
            None => return Some("it leaves the project"),
        }
    };
    if from.starts_with("docs") && !path.starts_with("docs") {
        return Some("it leaves `docs`, which is all of the site: name the path in backquotes");
    }
    if !root().join(&path).exists() {
        return Some("there is no such file");
    }
    if from.starts_with("docs") && root().join(&path).is_dir() {
        return Some("it is a folder, which is not a page of the site");
    }
    match pages.get(&path) {
        _ if anchor.is_empty() => None,
        Some(page) if page.anchors.contains(anchor) => None,
        Some(_) => Some("the page has no such heading"),
        None => Some("only a page has headings"),
    }
}

/// Removes `.` and `..`; nothing if the path leads out of the project.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !normal.pop() {
                    return None;
                }
            }
            Component::Normal(name) => normal.push(name),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(normal)
}

/// `[label]: target`, of a link or a footnote.
fn definition(line: &str) -> Option<(&str, &str)> {
    let (label, target) = line.strip_prefix('[')?.split_once("]: ")?;
    (!label.contains(']')).then_some((label, target.trim()))
}

/// Leaves out code between fences.
fn without_blocks(text: &str) -> String {
    let mut outside = true;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            outside = !outside;
        } else if outside {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// Leaves out code in backquotes, but keeps the quotes.
fn without_spans(prose: &str) -> String {
    let pieces: Vec<&str> = prose.split('`').step_by(2).collect();
    pieces.join("``")
}
