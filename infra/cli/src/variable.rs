//! The names of settings: a template's in camel case, a function's in capitals.

/// Makes `USERS_TABLE` of `UsersTable`: every parameter and table of the template
/// is called as the variable that hands it on.
pub(crate) fn name(camel_case: &str) -> String {
    let mut name = String::new();
    for letter in camel_case.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_parameter_is_named_as_its_variable() {
        for (parameter, variable) in [
            ("UsersTable", "USERS_TABLE"),
            ("MinPendingSeconds", "MIN_PENDING_SECONDS"),
            ("Argon2MemoryKib", "ARGON2_MEMORY_KIB"),
            ("Registration", "REGISTRATION"),
        ] {
            assert_eq!(name(parameter), variable);
        }
    }
}
