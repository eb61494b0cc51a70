//! Names of settings: `CamelCase` in the template, `UPPER_SNAKE_CASE` in a function's environment.

/// Turns `UsersTable` into `USERS_TABLE`. The variable that passes on a parameter or table
/// always has the same name in this form.
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
    fn a_parameter_and_its_variable_have_the_same_name() {
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
