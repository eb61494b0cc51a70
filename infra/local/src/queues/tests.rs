use super::*;
use crate::template::Redrive;

const SECOND: Duration = Duration::from_secs(1);

struct TestQueues {
    queues: Queues,
    database: Database,
}

fn spec(name: &str, redrive: Option<Redrive>) -> QueueSpec {
    QueueSpec {
        id: format!("{name}Queue"),
        name: name.to_owned(),
        delay: Duration::ZERO,
        visibility: 30 * SECOND,
        retention: 600 * SECOND,
        redrive,
    }
}

fn specs() -> Vec<QueueSpec> {
    let redrive = Redrive {
        queue: "dead".to_owned(),
        max_receives: 2,
    };
    vec![spec("retry", Some(redrive)), spec("dead", None)]
}

impl TestQueues {
    fn new() -> Self {
        let database = Database::memory().unwrap();
        Self {
            queues: Queues::open(specs(), &database).unwrap(),
            database,
        }
    }

    fn send(&self, body: &str) -> String {
        self.queues.send("retry", body.to_owned(), None).unwrap()
    }

    fn received(&self, queue: &str) -> Vec<String> {
        let received = self.queues.receive(queue, 10).unwrap().into_iter();
        received.map(|message| message.body).collect()
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_received_message_is_hidden_for_the_visibility_timeout_or_deleted() {
    let test = TestQueues::new();
    let id = test.send("one");
    assert_eq!(test.queues.visible("retry"), std::slice::from_ref(&id));
    assert_eq!(test.received("retry"), ["one"]);
    assert_eq!(test.queues.visible("retry"), NOTHING);
    test.queues.advance(29 * SECOND);
    assert_eq!(test.received("retry"), NOTHING);
    test.queues.advance(SECOND);
    let received = test.queues.receive("retry", 10).unwrap();
    let event = received[0].event("retry");
    assert_eq!(event["attributes"]["ApproximateReceiveCount"], "2");
    assert_eq!(event["messageId"], id);
    assert_eq!(event["md5OfBody"], "f97c5d29941bfb1b2fdab0874906ab82");
    assert_eq!(
        event["eventSourceARN"],
        "arn:aws:sqs:us-east-1:000000000000:retry"
    );
    test.queues.delete("retry", &[&id]).unwrap();
    test.queues.advance(60 * SECOND);
    assert_eq!(test.received("retry"), NOTHING);
    assert_eq!(test.received("dead"), NOTHING);
}

#[test]
fn a_delay_is_the_messages_or_the_queues() {
    let mut delayed = spec("retry", None);
    delayed.delay = 5 * SECOND;
    let database = Database::memory().unwrap();
    let queues = Queues::open(vec![delayed], &database).unwrap();
    queues.send("retry", "queue".to_owned(), None).unwrap();
    let own = Some(2 * SECOND);
    queues.send("retry", "own".to_owned(), own).unwrap();
    let visible = || {
        let received = queues.receive("retry", 10).unwrap().into_iter();
        received.map(|message| message.body).collect::<Vec<_>>()
    };
    assert_eq!(visible(), NOTHING);
    queues.advance(2 * SECOND);
    assert_eq!(visible(), ["own"]);
    queues.advance(3 * SECOND);
    assert_eq!(visible(), ["queue"]);
}

#[test]
fn a_message_that_was_received_too_often_moves_to_the_dead_letter_queue() {
    let test = TestQueues::new();
    test.send("one");
    for _ in 0..2 {
        assert_eq!(test.received("retry"), ["one"]);
        assert_eq!(test.received("dead"), NOTHING);
        test.queues.advance(30 * SECOND);
    }
    assert_eq!(test.received("retry"), NOTHING);
    assert_eq!(test.queues.bodies("retryQueue").unwrap(), NOTHING);
    assert_eq!(test.queues.bodies("deadQueue").unwrap(), ["one"]);
    assert_eq!(test.received("dead"), ["one"]);
    assert!(test.queues.bodies("otherQueue").is_none());
}

#[test]
fn a_message_ends_with_the_retention_of_its_queue() {
    let test = TestQueues::new();
    test.send("one");
    test.queues.advance(600 * SECOND);
    assert_eq!(test.received("retry"), NOTHING);
    assert_eq!(test.queues.bodies("retryQueue").unwrap(), NOTHING);
}

#[test]
fn messages_survive_the_process_with_their_receive_counts() {
    let test = TestQueues::new();
    test.send("one");
    test.send("two");
    assert_eq!(test.queues.receive("retry", 1).unwrap()[0].body, "one");
    let again = Queues::open(specs(), &test.database).unwrap();
    assert_eq!(again.receive("retry", 10).unwrap()[0].body, "two");
    again.advance(30 * SECOND);
    let mut received = again.receive("retry", 10).unwrap();
    received.sort_by_key(|message| message.receives);
    let counts: Vec<u64> = received.iter().map(|message| message.receives).collect();
    assert_eq!(counts, [2, 2]);
}
