//! The routes of the API reference.

use gatehouse_auth::{role, scope};
use gatehouse_edge::contract::{Operation, json};

use super::Greeting;

/// Returns the routes.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let greeting = |message| json!({ "message": message, "sub": "Sz3WlVYAS0q0X6mUjPqkTA", "roles": ["user"], "scope": "profile" });
    vec![
        Operation::new("GET /protected", "getProtected", "The example: any user")
            .tag("Example")
            .token(None, None)
            .problems(&["validation_failed"])
            .returns::<Greeting>(200, "The principal.", greeting("You are logged in.")),
        Operation::new("GET /admin", "getAdmin", "The example: administrators")
            .tag("Example")
            .token(Some(scope::ADMIN), Some(role::ADMIN))
            .problems(&["validation_failed"])
            .returns::<Greeting>(200, "The principal.", greeting("You are an administrator.")),
    ]
}
