//! Sends the mails that the outbox asks for.
//!
//! Events name messages; what a message says, and whether it is still worth sending, is read
//! from the tables when it is sent. The stream of the outbox is the fast path. Whatever
//! cannot be sent now goes to the retry queue as its key, so that no mail ever holds up the
//! stream.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use gatehouse_auth::mail::MessageKey;
use gatehouse_edge::{deadline, telemetry};
use lambda_runtime::{Context, Diagnostic};
use serde_json::Value;

mod addressee;
mod app;
mod delivery;
mod event;
mod failure;
mod letter;
mod mail;
mod queue;
mod sender;
mod sending;
mod text;

pub use app::App;
pub use event::{BatchResponse, UnknownEvent};
pub use queue::QueueError;

use delivery::{Delivery, Wait};
use event::{Batch, Entry};
use sending::Sending;

/// Why a batch failed. Lambda delivers it again.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The event is not a batch of messages.
    #[error(transparent)]
    UnknownEvent(#[from] UnknownEvent),
    /// A message of the stream could be neither sent nor handed to the queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// The message appears in Lambda's records.
impl From<MailerError> for Diagnostic {
    fn from(error: MailerError) -> Self {
        Self {
            error_type: "MailerError".to_owned(),
            error_message: telemetry::chain(&error),
        }
    }
}

/// How long the messages of a batch may take. The rest of the function's minute is for
/// handing the others to the queue, which takes 5 seconds at most for each four of them.
const BUDGET: Duration = Duration::from_secs(40);
/// How many messages are handled at a time. More reach the rate at which SES throttles
/// sooner; fewer leave less time for each when SES is slow.
const AT_A_TIME: usize = 4;

/// Handles a batch of the stream or of the queue.
///
/// # Errors
/// If the event is invalid, or a message of the stream can neither be sent nor handed to
/// the queue. What failed of the queue's own entries is in the response.
pub async fn handle(
    app: &App,
    event: Value,
    context: &Context,
) -> Result<BatchResponse, MailerError> {
    let request_id = context.request_id.as_str();
    let handled = match Batch::read(event) {
        Ok(Batch::Stream(keys)) => handle_stream(app, keys, context).await,
        Ok(Batch::Queue(entries)) => Ok(handle_queue(app, entries, context).await),
        Err(unknown) => Err(unknown.into()),
    };
    if let Err(error) = &handled {
        let error = telemetry::chain(error);
        tracing::error!(error, request_id, "a batch of messages failed");
    }
    handled
}

/// Handles new messages. The batch fails only if the queue is unreachable.
async fn handle_stream(
    app: &App,
    keys: Vec<MessageKey>,
    context: &Context,
) -> Result<BatchResponse, MailerError> {
    let deliveries = deliver(app, &keys, context).await;
    let waiting = keys.iter().zip(deliveries);
    let handed_over = waiting.map(|(key, delivery)| async move {
        match delivery.wait() {
            Some(wait) => app.queue.put(key, wait).await,
            None => Ok(()),
        }
    });
    let handed_over: Vec<_> = handed_over.collect();
    let handed_over: Vec<Result<(), QueueError>> = stream::iter(handed_over)
        .buffer_unordered(AT_A_TIME)
        .collect()
        .await;
    handed_over.into_iter().collect::<Result<(), _>>()?;
    Ok(BatchResponse::default())
}

/// Handles entries of the queue. One that has to wait becomes a new entry, so that waiting
/// is not counted as a failed delivery; only what we cannot handle ends in the dead-letter
/// queue.
async fn handle_queue(app: &App, entries: Vec<Entry>, context: &Context) -> BatchResponse {
    let keys: Vec<MessageKey> = entries
        .iter()
        .filter_map(|entry| entry.key.clone())
        .collect();
    let mut deliveries = keys.iter().zip(deliver(app, &keys, context).await);
    let settled = entries.into_iter().map(|entry| {
        let delivery = entry.key.as_ref().and_then(|_| deliveries.next());
        async move {
            let is_done = match delivery {
                Some((_, Delivery::Done)) => true,
                Some((key, Delivery::Again(wait))) => app.queue.put(key, wait).await.is_ok(),
                Some((_, Delivery::Failed)) | None => false,
            };
            (!is_done).then_some(entry.id)
        }
    });
    let settled: Vec<_> = settled.collect();
    let failed: Vec<Option<String>> = stream::iter(settled)
        .buffer_unordered(AT_A_TIME)
        .collect()
        .await;
    BatchResponse::failing(failed.into_iter().flatten())
}

/// Delivers what can be delivered in time, and returns what became of each.
async fn deliver(app: &App, keys: &[MessageKey], context: &Context) -> Vec<Delivery> {
    let deadline = deadline(context, BUDGET);
    let sending = Sending::now(app);
    let sending = deadline.enforce(sending).await.unwrap_or_default();
    let deliveries = keys.iter().map(|key| {
        let (sending, request_id) = (&sending, context.request_id.as_str());
        async move {
            let delivered = deadline.enforce(app.deliver(key, sending));
            match delivered.await {
                Ok(Ok(delivery)) => delivery,
                Ok(Err(error)) => {
                    error.log(request_id);
                    Delivery::Failed
                }
                Err(late) => {
                    tracing::warn!(error = %late, request_id, "a message was not handled in time");
                    Delivery::Again(Wait::Busy)
                }
            }
        }
    });
    let deliveries: Vec<_> = deliveries.collect();
    stream::iter(deliveries).buffered(AT_A_TIME).collect().await
}
