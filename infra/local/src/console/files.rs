//! The files of the page, inside the binary.

/// A file of the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageFile {
    pub(crate) media_type: &'static str,
    pub(crate) text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

/// Lists files of `infra/local/console`, each with its media type.
macro_rules! files {
    ($($name:literal: $media_type:ident),+ $(,)?) => {
        &[$(($name, PageFile {
            media_type: $media_type,
            text: include_str!(concat!("../../console/", $name)),
        })),+]
    };
}

/// The files by name.
const FILES: &[(&str, PageFile)] = files![
    "index.html": HTML,
    "style.css": CSS,
    "icon.svg": IMAGE,
    "main.js": SCRIPT,
    "account.js": SCRIPT,
    "calls.js": SCRIPT,
    "elements.js": SCRIPT,
    "events.js": SCRIPT,
    "http.js": SCRIPT,
    "keys.js": SCRIPT,
    "mails.js": SCRIPT,
    "people.js": SCRIPT,
    "tokens.js": SCRIPT,
    "view.js": SCRIPT,
];

/// Returns the file at a path below `/_gatehouse/`; the page itself is at the empty one.
pub(crate) fn file(path: &str) -> Option<PageFile> {
    let name = match path {
        "" => "index.html",
        path => path.strip_prefix("console/")?,
    };
    let mut files = FILES.iter();
    files.find(|(own, _)| *own == name).map(|(_, file)| *file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/console");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let mut served: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        served.sort_unstable();
        assert_eq!(served, names);
        assert!(file("").is_some_and(|page| page.media_type == HTML));
        for path in [
            "main.js",
            "console/",
            "console/../main.js",
            "console/Main.js",
        ] {
            assert!(file(path).is_none(), "{path}");
        }
    }

    /// The policy forbids all of it, so that it would not work; this names the file.
    #[test]
    fn no_file_has_inline_code_or_names_another_site() {
        for (name, file) in FILES {
            for forbidden in [
                " style=",
                "<style",
                " onclick=",
                "javascript:",
                "//cdn",
                "https://",
                "innerHTML",
                "eval(",
            ] {
                assert!(!file.text.contains(forbidden), "{name}: {forbidden}");
            }
            let inline = file.text.matches("<script").count();
            let loaded = file.text.matches("<script type=\"module\" src=\"").count();
            assert_eq!(inline, loaded, "{name}");
        }
    }
}
