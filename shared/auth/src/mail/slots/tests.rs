use super::*;
use crate::code::CodeKind;
use crate::id::SubjectId;
use crate::mail::{MessageKind, Origin};
use crate::role::Roles;
use crate::username::Username;

const ADDRESS: &str = "ada@example.org";

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + minutes * 60)
}

fn ada() -> User {
    let sub = SubjectId::from_bytes([1; 16]);
    let name = Username::parse("ada").unwrap();
    User::new(sub, &name, None, Roles::of_new_user(), None, at(0))
}

fn code(number: u8) -> MailCode {
    MailCode::mint(
        CodeKind::Recovery,
        &SubjectId::from_bytes([1; 16]),
        [number; 32],
    )
    .unwrap()
}

/// A code `number` for the message `number`.
struct Request {
    number: u8,
    message: u8,
    address: &'static str,
    attempted: bool,
    user: User,
}

fn request(number: u8) -> Request {
    Request {
        number,
        message: number,
        address: ADDRESS,
        attempted: false,
        user: ada(),
    }
}

impl Request {
    fn add(&self, slots: &CodeSlots, now: Timestamp) -> Option<CodeSlots> {
        let sub = &self.user.sub;
        let key = MessageKey::new(sub, at(0), [self.message; 16]);
        let mut message = Message::new(MessageKind::PasswordReset, sub, 0, Origin::Anyone, at(0));
        message.attempted_at = self.attempted.then_some(at(0));
        let new = NewCode {
            code: &code(self.number),
            address: self.address,
            user: &self.user,
            message: (&key, &message),
        };
        slots.with(&new, now)
    }
}

/// The numbers of the codes that are accepted.
fn accepted(slots: &CodeSlots, user: &User, now: Timestamp) -> Vec<u8> {
    let is_accepted = |number: &u8| slots.accepts(&code(*number), user, now).is_some();
    (0..20).filter(is_accepted).collect()
}

#[test]
fn under_attack_a_code_lives_for_at_least_ten_minutes() {
    let mut slots = CodeSlots::default();
    let mut granted = Vec::new();
    for minute in 0..60 {
        let number = u8::try_from(granted.len()).unwrap();
        if let Some(with) = request(number).add(&slots, at(minute)) {
            slots = with;
            granted.push(minute);
        }
        for (number, made) in granted.iter().enumerate() {
            if minute - made < 15 {
                let lives = accepted(&slots, &ada(), at(minute));
                assert!(lives.contains(&u8::try_from(number).unwrap()), "{minute}");
            }
        }
        assert!(accepted(&slots, &ada(), at(minute)).len() <= 3);
    }
    assert_eq!(granted, (0..60).step_by(5).collect::<Vec<_>>());
}

#[test]
fn a_code_ends_by_itself_exactly_at_its_end() {
    let slots = request(1).add(&CodeSlots::default(), at(0)).unwrap();
    let before = at(30).minus(Duration::from_secs(1));
    assert_eq!(accepted(&slots, &ada(), before), [1]);
    assert_eq!(accepted(&slots, &ada(), at(30)), [0; 0]);
    assert_eq!(slots.last_end(), Some(at(30)));
}

#[test]
fn codes_from_before_the_last_change_are_dead_and_later_ones_are_not() {
    let slots = request(1).add(&CodeSlots::default(), at(0)).unwrap();
    let changed = User {
        revision: 7,
        codes_since: 7,
        ..ada()
    };
    assert_eq!(accepted(&slots, &changed, at(1)), [0; 0]);
    // A dead code does not delay the next one.
    let user = changed.clone();
    let next = Request { user, ..request(2) };
    let slots = next.add(&slots, at(1)).unwrap();
    assert_eq!(accepted(&slots, &changed, at(1)), [2]);
    // A write that ends nothing leaves it valid.
    let rehashed = User {
        revision: 8,
        ..changed
    };
    assert_eq!(accepted(&slots, &rehashed, at(1)), [2]);
}

#[test]
fn a_code_is_for_one_address() {
    let slots = request(1).add(&CodeSlots::default(), at(0)).unwrap();
    let slot = slots.accepts(&code(1), &ada(), at(0)).unwrap();
    assert!(slot.is_for(ADDRESS));
    assert!(!slot.is_for("eve@example.org"));
}

#[test]
fn another_address_does_not_wait_but_three_at_once_are_enough() {
    let mut slots = CodeSlots::default();
    for (number, address) in [(1, "a@x.org"), (2, "b@x.org"), (3, "c@x.org")] {
        let next = Request {
            address,
            ..request(number)
        };
        slots = next.add(&slots, at(0)).unwrap();
    }
    let fourth = Request {
        address: "d@x.org",
        ..request(4)
    };
    assert_eq!(fourth.add(&slots, at(4)), None);
    let slots = fourth.add(&slots, at(5)).unwrap();
    assert_eq!(accepted(&slots, &ada(), at(5)).len(), 3);
}

#[test]
fn a_message_that_is_tried_again_replaces_a_code_that_was_not_mailed() {
    let slots = request(1).add(&CodeSlots::default(), at(0)).unwrap();
    let again = Request {
        message: 1,
        ..request(2)
    };
    let slots = again.add(&slots, at(1)).unwrap();
    assert_eq!(accepted(&slots, &ada(), at(1)), [2]);
}

#[test]
fn a_mail_that_may_have_gone_out_keeps_its_code() {
    let slots = request(1).add(&CodeSlots::default(), at(0)).unwrap();
    let again = Request {
        message: 1,
        attempted: true,
        ..request(2)
    };
    let slots = again.add(&slots, at(1)).unwrap();
    assert_eq!(accepted(&slots, &ada(), at(1)), [1, 2]);
}

#[test]
fn dots_and_tags_are_counted_as_one_recipient_and_are_other_addresses() {
    let ada = recipient_digest("ada@example.org");
    for same in [
        "a.da@example.org",
        "ada+1@example.org",
        "ad.a+x.y+z@example.org",
    ] {
        assert_eq!(recipient_digest(same), ada, "{same}");
        assert_ne!(address_digest(same), address_digest("ada@example.org"));
    }
    assert_eq!(ada, address_digest("ada@example.org"));
    for other in [
        "ada@example.com",
        "ada@exampleorg",
        "+ada@example.org",
        "adb@example.org",
    ] {
        assert_ne!(recipient_digest(other), ada, "{other}");
    }
    assert_ne!(
        recipient_digest("+a@b.example"),
        recipient_digest("+c@b.example")
    );
}

#[test]
fn the_domains_of_one_provider_share_the_count_of_a_mailbox() {
    for (one, other) in [
        ("ada@gmail.com", "a.da+1@googlemail.com"),
        ("ada@icloud.com", "ada@me.com"),
        ("ada@icloud.com", "ada@mac.com"),
        ("ada@proton.me", "ada@protonmail.com"),
        ("ada@pm.me", "ada@protonmail.ch"),
        ("ada@yandex.ru", "ada@ya.ru"),
    ] {
        assert_eq!(recipient_digest(one), recipient_digest(other), "{other}");
    }
    for other in ["ada@gmail.com.example", "bob@googlemail.com", "ada@me.com"] {
        let gmail = recipient_digest("ada@gmail.com");
        assert_ne!(recipient_digest(other), gmail, "{other}");
    }
}
