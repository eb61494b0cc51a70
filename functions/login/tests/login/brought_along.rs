//! Hashes of other libraries: each lets its owner in once, and is then replaced.

use crate::world::{HOME, PASSWORD, World};

/// Hashes of [`PASSWORD`], made by Werkzeug 3.1.9, Django 5.2.19, passlib 1.7.4, bcrypt 5.0.0
/// and argon2-cffi 25.1.0; `shared/auth` has more of them.
const MADE_ELSEWHERE: [&str; 9] = [
    "scrypt:32768:8:1$TlOTQ2lMTj3FES8a$3f92d91d1eb48731c208236e2da91c3735e6daf43597ee846dee2d132fffe1d09720355f2b0c32b9db4d1aa673bcafcac9233cbf3ff322871b7135d8474fa3da",
    "pbkdf2:sha256:1000000$YblVAKIQYvaLZpTr$102afef1f6b02165617d2c399bb25812cd67bc5c759f63cc229da5c2aa8a331f",
    "pbkdf2_sha256$1000000$F7tc5mTRhi0hkv8zMy5O4u$6Qj0gttFyFVKPSzqEnZGjJrEass4Wzc47JnIG8PEhos=",
    "argon2$argon2id$v=19$m=102400,t=2,p=8$YTFWZ0JFUkRpSFVWbjc0akgwd1B2aQ$F0rb/VvZMyxTEckUt7+1TUcOQWyjrcsqGGPscO1UUxE",
    "bcrypt_sha256$$2b$04$WbNUFf5V4Cq/N2sJbZEU6uktUA0ckRu2Cv301SVt3cHPBkuYkRHUC",
    "scrypt$16384$VwbfCBjT1HEoCcdL01njDj$8$5$RmL4rlj99bQYZaul8QMcO7WFxPr3AO7xQAu3kFiZYDrj9QOoXmxWKFaGkCHgXzJ77JJQ+0ajnJ15czsURPRr5w==",
    "$pbkdf2-sha256$29000$kRJizFlrjbEW4vy/t1Yq5Q$eV8xeyJl4ywNdKtNsatNf4AZW3D7dylWL.TXwQHF/oc",
    "$2b$04$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2",
    "$argon2i$v=16$m=1024,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$WEA0yeUFJA6NGz4A0Pm9R1G+Wv7+116fz2FnkJ6X5+c",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_login_replaces_a_foreign_hash_by_argon2id() {
    let world = World::start().await;
    for (number, hash) in MADE_ELSEWHERE.into_iter().enumerate() {
        let name = format!("ada{number}");
        let user = world.add(&name, Some(hash)).await;
        let wrong = world
            .log_in(&name, "seven noisy otters at dawn", HOME)
            .await;
        assert_eq!(wrong.status(), 401, "{hash}");
        assert_eq!(world.hash_of(&user).await.expose(), hash);

        assert_eq!(
            world.log_in(&name, PASSWORD, HOME).await.status(),
            200,
            "{hash}"
        );
        let ours = world.hash_of(&user).await;
        let expected = "$argon2id$v=19$m=19456,t=2,p=1$";
        assert!(ours.expose().starts_with(expected), "{hash}");

        let before = world.hasher.computed();
        assert_eq!(world.log_in(&name, PASSWORD, HOME).await.status(), 200);
        assert_eq!(world.hasher.computed() - before, 1, "not rehashed again");
        assert_eq!(world.hash_of(&user).await.expose(), ours.expose());
    }
}

/// Otherwise each guess at such an account would be a 500, and reveal that it exists.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_an_unusable_hash_looks_like_an_unknown_one() {
    let world = World::start().await;
    let before = world.hasher.computed();
    let unknown = world.log_in("nobody", PASSWORD, HOME).await;
    assert_eq!(
        (unknown.status().as_u16(), world.hasher.computed() - before),
        (401, 1)
    );
    let hashes = [
        "$argon2id$v=19$m=4194304,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$AAAAAAAAAAAAAAAAAAAAAA",
        "$2b$31$tEN0DvpRwtGl3clp8j/xPeQQ.Er3nLPmIaDa0kcpmgGnwGEuC4fp2",
        "$scrypt$ln=1,r=1048576,p=4$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
    ];
    for (number, hash) in hashes.into_iter().enumerate() {
        let name = format!("eve{number}");
        world.add(&name, Some(hash)).await;
        let before = world.hasher.computed();
        let response = world.log_in(&name, PASSWORD, HOME).await;
        assert_eq!(response.status(), 401, "{hash}");
        assert_eq!(response.body(), unknown.body(), "{hash}");
        assert_eq!(world.hasher.computed() - before, 1, "{hash}");
    }
    world.add("ada", None).await;
    assert_eq!(world.log_in("ada", PASSWORD, HOME).await.status(), 200);
}

/// bcrypt (here 5.0.0, of 71 letters and an accented one) reads 72 bytes, so such a login
/// proves nothing about the rest. A new hash of what was typed would lock the owner out.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_tail_that_bcrypt_does_not_read_never_becomes_the_password() {
    let world = World::start().await;
    let hash = "$2b$04$OcrE6effX51Nw3CsMsVL0.i1H2IYppmr4eGEf74a2Srizu3kKLHAC";
    let user = world.add("ada", Some(hash)).await;
    let letters = "x".repeat(71);
    let owner = format!("{letters}\u{e9}");
    for (typed, status) in [
        (format!("{owner} and a typo"), 200),
        (format!("{letters}e\u{301} typed elsewhere"), 200),
        (letters.clone(), 401),
        (format!("{owner}\0"), 401),
        (owner, 200),
    ] {
        let response = world.log_in("ada", &typed, HOME).await;
        assert_eq!(response.status(), status, "{typed}");
        assert_eq!(world.hash_of(&user).await.expose(), hash, "{typed}");
    }
}

/// HMAC ignores NULs at the end of its key, and PBKDF2 and scrypt use it.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_with_a_nul_at_its_end_never_becomes_the_password() {
    let world = World::start().await;
    for (number, hash) in MADE_ELSEWHERE.into_iter().enumerate() {
        let name = format!("ada{number}");
        let user = world.add(&name, Some(hash)).await;
        let typed = format!("{PASSWORD}\0");
        assert_eq!(world.log_in(&name, &typed, HOME).await.status(), 401);
        assert_eq!(world.hash_of(&user).await.expose(), hash);
        assert_eq!(world.log_in(&name, PASSWORD, HOME).await.status(), 200);
    }
}
