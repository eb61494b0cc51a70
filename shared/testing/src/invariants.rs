//! What must hold between the items of the tables, whatever happened to them.

use serde_json::Value;

use crate::memory::Contents;

/// Returns what does not hold of what must hold between the items of the tables at any moment:
/// every name and address belongs to a user, every user has a name, and the counters of
/// administrators are right.
#[must_use]
pub fn broken_invariants(contents: &Contents) -> Vec<String> {
    let users = &contents["UsersTable"];
    let text = |item: &Value, name: &str| Some(value(item, name, "S")?.as_str()?.to_owned());
    let find = |key: &str| {
        users
            .iter()
            .find(|item| text(item, "pk").as_deref() == Some(key))
    };
    let mut broken = Vec::new();
    let (mut admins, mut unverified) = (0, 0);
    for item in users {
        let pk = text(item, "pk").unwrap();
        let sub = text(item, "sub");
        if pk.starts_with("username#") || pk.starts_with("email#") {
            let owner = find(&format!("user#{}", sub.unwrap_or_default()));
            let name = pk.split_once('#').unwrap().1;
            let is_named = owner.is_some_and(|owner| owner.to_string().contains(name));
            if !is_named {
                broken.push(format!("{pk} names no user"));
            }
        } else if pk.starts_with("user#") {
            let is_claimed = users.iter().any(|name| {
                text(name, "pk").is_some_and(|pk| pk.starts_with("username#"))
                    && text(name, "sub") == sub
            });
            if !is_claimed {
                broken.push(format!("{pk} has no name"));
            }
            if let Some(address) = text(item, "email_canonical") {
                let holder = find(&format!("email#{address}"));
                if holder.and_then(|holder| text(holder, "sub")) != sub {
                    broken.push(format!("{pk} does not hold {address}"));
                }
            }
            let roles = item["roles"].to_string();
            let is_active = text(item, "status").is_none_or(|status| status == "active");
            let is_admin = roles.contains("\"admin\"") && is_active;
            let is_unverified = value(item, "verification_required", "BOOL")
                == Some(&Value::Bool(true))
                && item.get("email_verified_at").is_none();
            admins += i32::from(is_admin);
            unverified += i32::from(is_admin && is_unverified);
        }
    }
    for (attribute, number) in [("count", admins), ("unverified", unverified)] {
        let counted = find("meta#admins").and_then(|item| value(item, attribute, "N"));
        if counted != Some(&Value::from(number.to_string())) {
            broken.push(format!(
                "{counted:?} administrators ({attribute}) instead of {number}"
            ));
        }
    }
    broken
}

/// Returns the value of an attribute, if it has that type.
fn value<'a>(item: &'a Value, attribute: &str, kind: &str) -> Option<&'a Value> {
    item.get(attribute)?.get(kind)
}
