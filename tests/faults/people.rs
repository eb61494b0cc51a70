//! What every case begins with: keys, two users, their sessions and a client.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gatehouse_auth::client::{Client, ClientId, ClientSecret};
use gatehouse_auth::code::{CodeKind, MailCode};
use gatehouse_auth::password::{Argon2Params, Hasher, Password};
use gatehouse_auth::recovery::Recovery;
use gatehouse_auth::role::Roles;
use gatehouse_auth::user::{StoredHash, User};
use gatehouse_store::{Clients, Users};
use gatehouse_testing::{Contents, NOW, Secrets, subject, user};
use serde_json::{Value, json};

use crate::events::{Http, authorization, rotation};
use crate::functions::Function;
use crate::leaks;
use crate::world::World;

/// The password of every user.
pub(crate) const PASSWORD: &str = "seven quiet otters at dawn";
/// The cheapest hashes that are allowed: iterations, and KiB.
pub(crate) const HASH_COST: (u32, u32) = (5, 7168);
/// The rotation that made the keys, in the form of a UUID.
const FIRST_ROTATION: &str = "00000001-0000-4000-8000-000000000000";
/// The steps of a rotation, in their order.
pub(crate) const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

/// A session, as its client knows it.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// The authorizer's context.
    pub(crate) principal: Value,
}

impl Login {
    pub(crate) fn sid(&self) -> &str {
        self.principal["sid"].as_str().unwrap()
    }
}

/// The world's contents before a case, and the credentials of its people.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    pub(crate) contents: Contents,
    pub(crate) secrets: Secrets,
    pub(crate) people: People,
}

/// The people, and their credentials.
#[derive(Debug, Clone)]
pub(crate) struct People {
    /// Ada's session, whose client sends the requests.
    pub(crate) own: Login,
    /// Another session of Ada's.
    pub(crate) other: Login,
    /// The session of an administrator.
    pub(crate) root: Login,
    /// Ada's recovery code.
    pub(crate) code: String,
    /// The credentials of a client that introspects.
    pub(crate) client: String,
    /// The hash of everyone's password.
    pub(crate) hash: String,
}

impl Beginning {
    /// Creates it with the functions themselves.
    pub(crate) async fn make() -> Self {
        let mut world = World::empty();
        world.secrets.label(FIRST_ROTATION);
        for step in STEPS {
            let reply = world
                .send(Function::RotateKeys, &rotation(step, FIRST_ROTATION))
                .await;
            assert_eq!(reply.outcome, "done", "{step}");
        }
        let users = Users::new(world.client(), world.tables.name("UsersTable").to_owned());
        let (iterations, memory) = HASH_COST;
        let hasher = Hasher::new(Argon2Params::new(memory, iterations).unwrap(), 1);
        let hash = hasher.hash(Password::parse(PASSWORD).unwrap(), [7; 16]);
        let hash = hash.await.unwrap();
        let ada = person("ada", &hash);
        users.register(&ada).await.unwrap();
        // Two, so that one of them can be the target of a change.
        for name in ["root", "rita"] {
            let roles = Roles::parse(["admin", "user"]).unwrap();
            let admin = User {
                roles,
                ..person(name, &hash)
            };
            users.register(&admin).await.unwrap();
        }
        let code = MailCode::mint(CodeKind::Recovery, &ada.sub, [9; 32]).unwrap();
        let recovery = Recovery::grant(&code, NOW);
        users.set_recovery(&ada.sub, &recovery).await.unwrap();
        let (id, secret) = (
            ClientId::parse("shop").unwrap(),
            ClientSecret::mint([3; 32]),
        );
        let client = STANDARD.encode(format!("shop:{}", secret.expose()));
        let table = world.tables.name("SigningKeysTable").to_owned();
        let client_item = Client::new(id, &secret, NOW);
        Clients::new(world.client(), table)
            .create(&client_item)
            .await
            .unwrap();
        let people = People {
            own: log_in(&mut world, "ada").await,
            other: log_in(&mut world, "ada").await,
            root: log_in(&mut world, "root").await,
            code: code.expose().to_owned(),
            client: format!("Basic {client}"),
            hash: hash.expose().to_owned(),
        };
        let made = Self {
            contents: world.tables.contents(),
            secrets: world.secrets.copy(),
            people,
        };
        leaks::register(&made);
        made
    }
}

/// Returns a user with an address and the password of that hash.
pub(crate) fn person(name: &str, hash: &StoredHash) -> User {
    User {
        password_hash: Some(hash.clone()),
        password_changed_at: Some(NOW),
        ..user(name)
    }
}

/// Logs in, and asks the authorizer for the context of the new token.
pub(crate) async fn log_in(world: &mut World, name: &str) -> Login {
    let body = json!({"username": name, "password": PASSWORD});
    let login = Http {
        route: "POST /login",
        body,
        ..Http::default()
    };
    let tokens = world.send(Function::Login, &login.event()).await;
    let access = tokens.text("access_token");
    let authorized = world
        .send(Function::Authorizer, &authorization(&access))
        .await;
    assert_eq!(authorized.outcome, "allow");
    assert_eq!(authorized.body["sub"], subject(name).as_str());
    Login {
        access,
        refresh: tokens.text("refresh_token"),
        principal: authorized.body,
    }
}
