//! The reader of `infra/template.yaml`, which a project changes.

use std::collections::BTreeMap;

use gatehouse_local::{function_names, resource_ids, template_document};

use crate::file;

/// Reads the bytes as a template. What is read as JSON is read back as the same, and what can be
/// resolved has functions among its resources.
pub fn template(data: &[u8]) {
    let Ok(document) = file::holding(data, template_document) else {
        return;
    };
    let written = document.to_string();
    // In its long form, `!Sub` is nested once more, and may be nested too deeply.
    match file::holding(written.as_bytes(), template_document) {
        Ok(again) => assert_eq!(again, document),
        Err(error) => assert!(error.to_string().contains("too deeply"), "{error}"),
    }
    let parameters = BTreeMap::new();
    let resources = file::holding(data, |path| resource_ids(path, &parameters));
    let functions = file::holding(data, |path| function_names(path, &parameters));
    assert_eq!(resources.is_ok(), functions.is_ok());
    if let (Ok(resources), Ok(functions)) = (resources, functions) {
        assert!(functions.len() <= resources.len());
        let declared = document.get("Resources").and_then(|all| all.as_object());
        let declared = declared.expect("no resources were declared");
        assert!(resources.iter().all(|id| declared.contains_key(id)));
    }
}
