//! The operations: what is sent, and what must hold whatever fails. Which calls one makes is
//! recorded, not listed.

use std::time::Duration;

use gatehouse_testing::subject;
use serde_json::{Value, json};

use crate::events::{Http, SCHEDULE, authorization, form, present, rotation};
use crate::fault::Fault;
use crate::functions::Function;
use crate::injection::CallId;
use crate::mailed;
use crate::people::{PASSWORD, People, STEPS};

/// What a client, an API or AWS asks of a function.
pub(crate) struct Operation {
    /// The name on the page.
    pub(crate) name: &'static str,
    pub(crate) function: Function,
    pub(crate) event: fn(&People) -> String,
    /// What happened before.
    pub(crate) before: Before,
    /// The outcome without a fault.
    pub(crate) clean: &'static str,
    /// The outcomes of a repetition after the operation took effect.
    pub(crate) again: &'static [&'static str],
    /// Why a failure may leave a state between that before and that after the operation.
    pub(crate) halfway: Option<&'static str>,
    /// Whether each repetition raises the user's versions again.
    pub(crate) counts: bool,
    /// Whether the service has mail.
    pub(crate) has_mail: bool,
    /// Whether it also exists without mail, where its other calls are tried.
    pub(crate) is_variant: bool,
    /// The table of what is written if possible, and is missing if not.
    pub(crate) best_effort: Option<&'static str>,
}

/// A case whose result is right although a check fails.
pub(crate) struct Exception {
    pub(crate) operation: &'static str,
    pub(crate) call: &'static str,
    pub(crate) fault: Fault,
    /// Why it is right.
    pub(crate) reason: &'static str,
}

/// What happened before an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Nothing,
    /// The owner logged out.
    LoggedOut,
    /// The owner deleted the account, which was interrupted.
    Interrupted,
    /// The owner asked for this address, and every kind of code was mailed.
    Mailed(&'static str),
    /// Eve registered, and must verify her address before she logs in.
    Registered,
    /// The owner's refresh token was rotated twice.
    Refreshed,
    /// Some hours passed.
    Hours,
    /// This many steps of a rotation.
    Steps(usize),
}

/// How long scheduled work may take.
pub(crate) const SCHEDULED: Duration = Duration::from_secs(50);
/// The rotation that is tried.
pub(crate) const ROTATION: &str = "00000002-0000-4000-8000-000000000000";
/// A new password.
const NEW_PASSWORD: &str = "eight quiet otters at dawn";
pub(crate) const DELETION: &str = "the account goes in one transaction and its traces after it; what \
                        remains is found again";
const NEW_USER: &str =
    "the stored name is free, so only the random id can exist already, and ids do not repeat";
const NEW_ID: &str = "only a session with the same random id can fail it, and ids do not repeat";
const FINISHED: &str =
    "it fails only if another process has finished the deletion, and the next schedule would";
const FINISH: &str = "the ring comes into force first, and then the published states follow it";

impl Operation {
    /// Returns how long a response may take.
    pub(crate) fn budget(&self) -> Duration {
        if self.before == Before::Interrupted {
            return SCHEDULED;
        }
        match self.function {
            Function::Authorizer | Function::Introspect => Duration::from_secs(1),
            Function::RotateKeys => Duration::from_secs(50),
            Function::Account
            | Function::Admin
            | Function::Email
            | Function::Jwks
            | Function::Login
            | Function::Logout
            | Function::Protected
            | Function::Refresh
            | Function::Register => Duration::from_secs(5),
        }
    }

    const fn new(
        name: &'static str,
        function: Function,
        clean: &'static str,
        event: fn(&People) -> String,
    ) -> Self {
        Self {
            name,
            function,
            event,
            before: Before::Nothing,
            clean,
            again: &[],
            halfway: None,
            counts: false,
            has_mail: false,
            is_variant: false,
            best_effort: None,
        }
    }

    /// An operation of a service that has mail.
    pub(crate) const fn with_mail(
        name: &'static str,
        function: Function,
        clean: &'static str,
        event: fn(&People) -> String,
    ) -> Self {
        Self {
            has_mail: true,
            ..Self::new(name, function, clean, event)
        }
    }

    const fn counting(self) -> Self {
        Self {
            counts: true,
            ..self
        }
    }

    /// Returns the number of the reason why a case is an exception.
    pub(crate) fn exception(&self, call: &str, fault: Fault) -> Option<usize> {
        EXCEPTIONS.iter().position(|exception| {
            let (operation, of) = (exception.operation, exception.call);
            operation == self.name && of == call && exception.fault == fault
        })
    }

    pub(crate) const fn again(self, again: &'static [&'static str]) -> Self {
        Self { again, ..self }
    }

    pub(crate) const fn after(self, before: Before) -> Self {
        Self { before, ..self }
    }

    pub(crate) const fn halfway(self, reason: &'static str) -> Self {
        Self {
            halfway: Some(reason),
            ..self
        }
    }

    /// Leaves out the calls that it also makes without mail.
    pub(crate) const fn variant(self) -> Self {
        Self {
            is_variant: true,
            ..self
        }
    }

    /// Returns whether a call is tried.
    pub(crate) fn tries(&self, call: &CallId) -> bool {
        let concerns_mail = ["Outbox", "Suppressed"].map(|word| call.label.contains(word));
        !self.is_variant || concerns_mail.contains(&true)
    }

    pub(crate) const fn best_effort(self, table: &'static str) -> Self {
        Self {
            best_effort: Some(table),
            ..self
        }
    }
}

/// The exceptions, each with its reason.
pub(crate) const EXCEPTIONS: &[Exception] = &[
    Exception {
        operation: "register",
        call: "TransactWriteItems Users",
        fault: Fault::ConditionFailed,
        reason: NEW_USER,
    },
    Exception {
        operation: "login",
        call: "PutItem Sessions",
        fault: Fault::ConditionFailed,
        reason: NEW_ID,
    },
    Exception {
        operation: "login, refresh cookie",
        call: "TransactWriteItems Revocations and Sessions",
        fault: Fault::ConditionFailed,
        reason: NEW_ID,
    },
    Exception {
        operation: "revoke",
        call: "TransactWriteItems Revocations and Sessions",
        fault: Fault::ConditionFailed,
        reason: "the condition compares the session's subject, which never changes",
    },
    Exception {
        operation: "delete account",
        call: "UpdateItem Users",
        fault: Fault::ConditionFailed,
        reason: FINISHED,
    },
    Exception {
        operation: "finish deletions",
        call: "GetItem Users",
        fault: Fault::Corrupt,
        reason: "a mark that is corrupt is reported at ERROR by each run, and does not hide the others",
    },
    Exception {
        operation: "finish deletions",
        call: "UpdateItem Users",
        fault: Fault::ConditionFailed,
        reason: FINISHED,
    },
    Exception {
        operation: "admin: delete",
        call: "UpdateItem Users",
        fault: Fault::ConditionFailed,
        reason: FINISHED,
    },
    Exception {
        operation: "rotate: publish",
        call: "GetSecretValue, 2",
        fault: Fault::TableMissing,
        reason: "AWS sends the same error for a version without a value: nothing is pending",
    },
    Exception {
        operation: "mail: register",
        call: "TransactWriteItems Outbox and Users",
        fault: Fault::ConditionFailed,
        reason: NEW_USER,
    },
];

/// Returns all operations, in the order of the page.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().chain(mailed::OPERATIONS)
}

/// Those of a service without mail.
const OPERATIONS: &[Operation] = &[
    Operation::new("register", Function::Register, "201", |_| {
        let body = json!({"username": "eve", "email": "eve@example.org", "password": PASSWORD});
        post("POST /register", body)
    })
    .again(&["409"]),
    Operation::new("login", Function::Login, "200", |_| log_in(PASSWORD)),
    Operation::new("login, refresh cookie", Function::Login, "200", |people| {
        Http {
            route: "POST /login",
            body: json!({"username": "ada", "password": PASSWORD}),
            cookie: Some(&people.own.refresh),
            ..Http::default()
        }
        .event()
    }),
    Operation::new("login, wrong password", Function::Login, "401", |_| {
        log_in(NEW_PASSWORD)
    }),
    Operation::new("refresh", Function::Refresh, "200", refresh),
    Operation::new("refresh, ended session", Function::Refresh, "400", refresh)
        .after(Before::LoggedOut),
    Operation::new("revoke", Function::Refresh, "200", |people| {
        form(
            "POST /revoke",
            format!("token={}", people.own.refresh),
            None,
        )
    }),
    Operation::new("logout, local", Function::Logout, "204", |people| {
        owned("POST /logout", people, json!({"scope": "local"}))
    }),
    Operation::new("logout, others", Function::Logout, "204", |people| {
        owned("POST /logout", people, json!({"scope": "others"}))
    })
    .again(&["401"]),
    Operation::new("logout, global", Function::Logout, "204", |people| {
        owned("POST /logout", people, json!({"scope": "global"}))
    })
    .again(&["401"]),
    Operation::new("authorise", Function::Authorizer, "allow", |people| {
        authorization(&people.own.access)
    }),
    Operation::new(
        "authorise, ended session",
        Function::Authorizer,
        "deny",
        |people| authorization(&people.own.access),
    )
    .after(Before::LoggedOut),
    Operation::new("introspect", Function::Introspect, "active", introspect),
    Operation::new(
        "introspect, ended session",
        Function::Introspect,
        "inactive",
        introspect,
    )
    .after(Before::LoggedOut),
    Operation::new("GET /protected", Function::Protected, "200", |people| {
        owned("GET /protected", people, Value::Null)
    }),
    Operation::new("jwks", Function::Jwks, "200", |_| {
        post("GET /.well-known/jwks.json", Value::Null)
    }),
    Operation::new("GET /me", Function::Account, "200", |people| {
        owned("GET /me", people, Value::Null)
    }),
    Operation::new("export", Function::Account, "200", |people| {
        owned("GET /me/export", people, Value::Null)
    }),
    Operation::new("list sessions", Function::Account, "200", |people| {
        owned("GET /sessions", people, Value::Null)
    }),
    Operation::new("end a session", Function::Account, "204", |people| {
        Http {
            route: "DELETE /sessions/{id}",
            principal: Some(&people.own.principal),
            id: Some(people.other.sid()),
            ..Http::default()
        }
        .event()
    })
    .again(&["404"]),
    Operation::new("change password", Function::Account, "204", |people| {
        let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
        owned("PUT /me/password", people, body)
    })
    .again(&["401", "403"]),
    Operation::new("reset password", Function::Account, "204", |people| {
        let body = json!({"code": people.code, "new_password": NEW_PASSWORD});
        post("POST /password/reset", body)
    })
    .again(&["400"]),
    Operation::new("delete account", Function::Account, "204", |people| {
        owned("DELETE /me", people, json!({"password": PASSWORD}))
    })
    .again(&["401", "404"])
    .halfway(DELETION),
    Operation::new("finish deletions", Function::Admin, "done", |_| {
        SCHEDULE.to_owned()
    })
    .after(Before::Interrupted)
    .halfway(DELETION),
    Operation::new("admin: list", Function::Admin, "200", |people| {
        administer("GET /admin/users", people, Value::Null)
    }),
    Operation::new("admin: show", Function::Admin, "200", |people| {
        administer("GET /admin/users/{id}", people, Value::Null)
    }),
    Operation::new("admin: change roles", Function::Admin, "200", |people| {
        let body = json!({"roles": ["admin", "user"]});
        administer("PATCH /admin/users/{id}", people, body)
    }),
    Operation::new("admin: change names", Function::Admin, "200", |people| {
        let names = json!({"username": "lovelace", "email": "lovelace@example.org"});
        administer("PATCH /admin/users/{id}", people, names)
    }),
    Operation::new("admin: disable", Function::Admin, "200", |people| {
        administer(
            "PATCH /admin/users/{id}",
            people,
            json!({"status": "disabled"}),
        )
    }),
    Operation::new("admin: revoke sessions", Function::Admin, "204", |people| {
        administer(
            "POST /admin/users/{id}/revoke-sessions",
            people,
            Value::Null,
        )
    })
    .counting(),
    Operation::new("admin: delete", Function::Admin, "204", |people| {
        administer("DELETE /admin/users/{id}", people, Value::Null)
    })
    .again(&["404"])
    .halfway(DELETION),
    Operation::new("rotate: create", Function::RotateKeys, "done", |_| {
        rotation(STEPS[0], ROTATION)
    })
    .after(Before::Steps(0)),
    Operation::new("rotate: publish", Function::RotateKeys, "done", |_| {
        rotation(STEPS[1], ROTATION)
    })
    .after(Before::Steps(1)),
    Operation::new("rotate: test", Function::RotateKeys, "done", |_| {
        rotation(STEPS[2], ROTATION)
    })
    .after(Before::Steps(2)),
    Operation::new("rotate: finish", Function::RotateKeys, "done", |_| {
        rotation(STEPS[3], ROTATION)
    })
    .after(Before::Steps(3))
    .halfway(FINISH),
];

pub(crate) fn post(route: &str, body: Value) -> String {
    Http {
        route,
        body,
        ..Http::default()
    }
    .event()
}

fn log_in(password: &str) -> String {
    post(
        "POST /login",
        json!({"username": "ada", "password": password}),
    )
}

fn refresh(people: &People) -> String {
    present(&people.own.refresh)
}

fn introspect(people: &People) -> String {
    let token = format!("token={}", people.own.access);
    form("POST /introspect", token, Some(people.client.clone()))
}

/// Returns the administrator's event that changes Ada's roles.
pub(crate) fn change_roles(root: &Value, roles: &Value) -> String {
    let ada = subject("ada");
    Http {
        route: "PATCH /admin/users/{id}",
        body: json!({"roles": roles}),
        principal: Some(root),
        id: Some(ada.as_str()),
        ..Http::default()
    }
    .event()
}

/// A request of Ada's client.
pub(crate) fn owned(route: &str, people: &People, body: Value) -> String {
    let principal = Some(&people.own.principal);
    Http {
        route,
        body,
        principal,
        ..Http::default()
    }
    .event()
}

/// A request of the administrator, about Ada.
pub(crate) fn administer(route: &str, people: &People, body: Value) -> String {
    let ada = subject("ada");
    let id = route.contains("{id}").then_some(ada.as_str());
    let principal = Some(&people.root.principal);
    Http {
        route,
        body,
        principal,
        id,
        ..Http::default()
    }
    .event()
}
