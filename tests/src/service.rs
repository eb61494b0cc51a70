//! One whole service, for one test.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use gatehouse_auth::key::KeyRing;
use gatehouse_auth::random;
use gatehouse_local::{InvokeError, LogTarget, Stack, StackOptions};
use gatehouse_store::{Connection, ConnectionSettings};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::answer::Answer;
use crate::binaries;
use crate::deployment::{self, Deployment};
use crate::proxy::{self, Proxy};
use crate::settings::{Settings, setting};

/// A running service, and a client of it.
#[derive(Debug)]
pub struct Service {
    place: Place,
    client: Client,
}

/// The header that says where a request comes from, where the service is told to
/// believe it: a deployed one is, since its tests share a stack.
pub const CLIENT_ADDRESS_HEADER: &str = "x-client-address";
/// The parameter `ClientAddress` with which a service takes it from there.
pub const CLIENT_ADDRESS: &str = "header:x-client-address";

/// Returns an address that nobody else comes from.
///
/// # Errors
/// When there is no randomness.
pub fn address() -> anyhow::Result<String> {
    let [second, third, fourth] = random::bytes()?;
    Ok(format!("10.{second}.{third}.{fourth}"))
}

/// Where the service runs.
#[derive(Debug)]
enum Place {
    /// On a stack of the test's own.
    Local { stack: Box<Stack>, work: TempDir },
    /// On a deployed stack, which other tests use too.
    Deployed(Arc<Deployment>),
}

impl Service {
    /// Starts a service with the template's defaults.
    ///
    /// # Errors
    /// When the functions do not build or the stack does not start.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(|_| ()).await
    }

    /// Starts a service whose options `change` has changed; of a deployed stack only
    /// its parameters can be.
    ///
    /// # Errors
    /// When the functions do not build or the stack does not start.
    pub async fn start_with(change: impl FnOnce(&mut StackOptions)) -> anyhow::Result<Self> {
        let mut options = StackOptions::default();
        change(&mut options);
        if deployment::is_deployed() {
            let deployment = Deployment::with(&options.parameters).await?;
            return Self::at(Place::Deployed(deployment));
        }
        Self::start_here(options).await
    }

    async fn start_here(mut options: StackOptions) -> anyhow::Result<Self> {
        let work = TempDir::new().context("no folder for the key ring")?;
        options.template = binaries::root().join("infra/template.yaml");
        options.bin_dir = binaries::folder()?;
        work.path().clone_into(&mut options.work_dir);
        options.log = log_target();
        let stack = Box::new(Stack::start(options).await?);
        Self::at(Place::Local { stack, work })
    }

    /// Starts a local stack, also where the other tests share a deployed one.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_locally(change: impl FnOnce(&mut StackOptions)) -> anyhow::Result<Self> {
        let mut options = StackOptions::default();
        change(&mut options);
        Self::start_here(options).await
    }

    /// Starts a local stack whose functions reach their tables through a proxy.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_behind_a_proxy(
        change: impl FnOnce(&mut StackOptions),
    ) -> anyhow::Result<(Self, Proxy)> {
        let mut options = StackOptions::default();
        change(&mut options);
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let proxy = Proxy::counting(&format!("http://127.0.0.1:{port}")).await?;
        options.dynamodb_port = port;
        let endpoint = ("AWS_ENDPOINT_URL".to_owned(), proxy.url().to_owned());
        options.environment.extend([endpoint]);
        Ok((Self::start_here(options).await?, proxy))
    }

    /// Starts a service that [`changed`](Self::changed) can change, tables and all.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_to_change(name: &str) -> anyhow::Result<Self> {
        if deployment::is_deployed() {
            let settings = Settings::read().context("API_URL is not set")?;
            let name = format!("{}-{name}", settings.stack);
            let deployment = Deployment::deploy(&name, &BTreeMap::new()).await?;
            return Self::at(Place::Deployed(Arc::new(deployment)));
        }
        Self::keeping(TempDir::new()?, &[]).await
    }

    /// Gives a service other parameters; what is in its tables stays.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn changed(self, parameters: &[(&str, &str)]) -> anyhow::Result<Self> {
        match self.place {
            Place::Local { stack, work } => {
                stack.stop().await;
                Self::keeping(work, parameters).await
            }
            Place::Deployed(deployment) => {
                let owned =
                    |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
                let parameters = parameters.iter().map(owned).collect();
                let changed = Deployment::deploy(deployment.stack(), &parameters).await?;
                Self::at(Place::Deployed(Arc::new(changed)))
            }
        }
    }

    async fn keeping(work: TempDir, parameters: &[(&str, &str)]) -> anyhow::Result<Self> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let options = StackOptions {
            template: binaries::root().join("infra/template.yaml"),
            bin_dir: binaries::folder()?,
            data_dir: Some(work.path().join("data")),
            parameters: parameters.iter().map(owned).collect(),
            log: log_target(),
            ..StackOptions::default()
        };
        let stack = Box::new(Stack::start(options).await?);
        Self::at(Place::Local { stack, work })
    }

    fn at(place: Place) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(CLIENT_ADDRESS_HEADER, address()?.parse()?);
        let client = Client::builder()
            .default_headers(headers)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
            .build()?;
        Ok(Self { place, client })
    }

    /// Returns the local stack beneath, for what only a stack on this machine can
    /// do: end its processes, for example.
    ///
    /// # Panics
    /// Where the service is deployed: such a test calls
    /// [`deployment::is_deployed`] first, and says why it is local.
    #[must_use]
    #[expect(
        clippy::panic,
        reason = "a test that asks for it has forgotten to look"
    )]
    pub fn stack(&self) -> &Stack {
        match &self.place {
            Place::Local { stack, .. } => stack,
            Place::Deployed(_) => panic!("a deployed stack has no processes of ours"),
        }
    }

    /// Where requests go.
    #[must_use]
    pub fn url(&self) -> &str {
        match &self.place {
            Place::Local { stack, .. } => stack.url(),
            Place::Deployed(deployment) => deployment.url(),
        }
    }

    /// The issuer of the tokens: the API's own URL, as the template has it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        match &self.place {
            Place::Local { stack, .. } => stack.url(),
            Place::Deployed(deployment) => deployment.output("TokenIssuer"),
        }
    }

    /// A client of the service's tables.
    #[must_use]
    pub fn tables(&self) -> aws_sdk_dynamodb::Client {
        match &self.place {
            Place::Local { stack, .. } => {
                let settings = ConnectionSettings::for_local_stack(stack.dynamodb_url());
                Connection::open(&settings).tables()
            }
            Place::Deployed(deployment) => deployment.tables(),
        }
    }

    /// The name of a table by its logical id in the template; empty if there is none.
    #[must_use]
    pub fn table(&self, logical_id: &str) -> &str {
        match &self.place {
            Place::Local { stack, .. } => stack.table(logical_id).unwrap_or_default(),
            Place::Deployed(deployment) => deployment.resource(logical_id),
        }
    }

    /// The key ring in force, private keys and all.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn key_ring(&self) -> anyhow::Result<String> {
        match &self.place {
            Place::Local { stack, .. } => Ok(std::fs::read_to_string(stack.key_ring_path())?),
            Place::Deployed(deployment) => deployment.key_ring().await,
        }
    }

    /// The id of the key that signs, as the ring in force says.
    ///
    /// # Errors
    /// When the ring cannot be read.
    pub async fn signing_kid(&self) -> anyhow::Result<String> {
        let ring = KeyRing::parse(&self.key_ring().await?)?;
        let active = ring.active().context("no key signs")?;
        Ok(active.kid().to_string())
    }

    /// What the functions have logged so far, line by line.
    ///
    /// # Errors
    /// When the logs cannot be read.
    pub async fn logs(&self) -> anyhow::Result<Vec<String>> {
        match &self.place {
            Place::Local { stack, .. } => Ok(stack.logs()),
            Place::Deployed(deployment) => deployment.logs().await,
        }
    }

    /// The environment that a function is given.
    ///
    /// # Errors
    /// When there is no such function.
    pub async fn environment(&self, function: &str) -> anyhow::Result<BTreeMap<String, String>> {
        match &self.place {
            Place::Local { stack, .. } => {
                let environment = stack.function_environment(function).cloned();
                environment.with_context(|| format!("there is no function {function}"))
            }
            Place::Deployed(deployment) => deployment.environment(function).await,
        }
    }

    /// Hands an event to a function, past the gateway. The inner error is what the
    /// function failed with.
    ///
    /// # Errors
    /// When there is no such function, or it did not answer at all.
    pub async fn invoke(
        &self,
        function: &str,
        event: &[u8],
    ) -> anyhow::Result<Result<Vec<u8>, String>> {
        match &self.place {
            Place::Local { stack, .. } => match stack.invoke(function, event).await {
                Ok(answer) => Ok(Ok(answer.to_vec())),
                Err(InvokeError::Failed { message, .. }) => Ok(Err(message)),
                Err(error) => Err(error.into()),
            },
            Place::Deployed(deployment) => deployment.invoke(function, event).await,
        }
    }

    /// What events of a rotation call the secret; on a local stack the ring is a file,
    /// and any name will do.
    #[must_use]
    pub fn secret(&self) -> &str {
        match &self.place {
            Place::Local { .. } => "local",
            Place::Deployed(deployment) => deployment.output("KeyRingSecretArn"),
        }
    }

    /// Runs the four steps of a rotation, as Secrets Manager does.
    ///
    /// # Errors
    /// When a step fails.
    pub async fn rotate_keys(&self) -> anyhow::Result<()> {
        for event in rotation_events(self.secret())? {
            if let Err(reason) = self.invoke("rotate-keys", event.as_bytes()).await? {
                bail!("a step of the rotation failed: {reason}");
            }
        }
        Ok(())
    }

    /// Cuts the functions off from their tables until the result is dropped.
    ///
    /// # Errors
    /// When a deployed stack has no proxy to switch off: it runs on AWS.
    pub async fn cut_off_tables(&self) -> anyhow::Result<Outage> {
        let Place::Local { stack, .. } = &self.place else {
            let proxy = setting("GATEHOUSE_PROXY").context("there is no proxy to switch off")?;
            self.client
                .get(format!("{proxy}{}", proxy::DOWN))
                .send()
                .await?
                .error_for_status()?;
            return Ok(Outage(Some(proxy)));
        };
        stack.stop_dynamodb().await;
        Ok(Outage(None))
    }

    /// Begins a request, for headers and bodies of one's own.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url()))
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn send(&self, request: RequestBuilder) -> anyhow::Result<Answer> {
        Answer::read(request.send().await.context("no answer")?).await
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Posts a form.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Answer> {
        self.send(self.request(Method::POST, path).form(form)).await
    }

    /// Posts JSON with an access token.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post_as(&self, token: &str, path: &str, body: &Value) -> anyhow::Result<Answer> {
        let request = self
            .request(Method::POST, path)
            .bearer_auth(token)
            .json(body);
        self.send(request).await
    }

    /// Gets a path without a token.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Gets a path with an access token.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn get_as(&self, token: &str, path: &str) -> anyhow::Result<Answer> {
        self.send(self.request(Method::GET, path).bearer_auth(token))
            .await
    }

    /// Sends JSON with an access token, by any method.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn call_as(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Answer> {
        let request = self.request(method, path).bearer_auth(token).json(body);
        self.send(request).await
    }

    /// Refreshes with a token.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn refresh(&self, token: &str) -> anyhow::Result<Answer> {
        self.post("/refresh", &serde_json::json!({ "refresh_token": token }))
            .await
    }
}

/// A time without tables, which ends where it is dropped; the embedded DynamoDB of
/// a local stack stays stopped.
#[derive(Debug)]
#[must_use = "it ends where it is dropped"]
pub struct Outage(Option<String>);

impl Drop for Outage {
    fn drop(&mut self) {
        // Without the tables every test that follows would fail, and none of them
        // would say why.
        if let Some(proxy) = &self.0
            && let Err(error) = proxy::switch_on(proxy)
        {
            drop(writeln!(
                std::io::stderr(),
                "the proxy stays switched off: {error}"
            ));
        }
    }
}

/// The events of the four steps of one rotation.
///
/// # Errors
/// When there is no randomness for its token.
pub fn rotation_events(secret: &str) -> anyhow::Result<Vec<String>> {
    let token = u128::from_be_bytes(gatehouse_auth::random::bytes()?);
    let steps = ["createSecret", "setSecret", "testSecret", "finishSecret"];
    let event = |step: &str| {
        serde_json::json!({
            "Step": step, "SecretId": secret, "ClientRequestToken": format!("{token:032x}"),
        })
        .to_string()
    };
    Ok(steps.map(event).into())
}

/// `TEST_LOG=1` shows what the functions log.
fn log_target() -> LogTarget {
    match setting("TEST_LOG") {
        Some(_) => LogTarget::Stderr,
        None => LogTarget::Buffer,
    }
}
