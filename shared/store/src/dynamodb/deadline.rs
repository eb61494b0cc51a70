//! The request's deadline, for every call of the SDK.

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::SdkConfig;
use gatehouse_auth::deadline::{Deadline, Late};

/// Ends calls at the deadline, and begins no attempt at a write shortly before it.
#[derive(Debug)]
pub(super) struct WithinDeadline {
    timeouts: TimeoutConfig,
}

impl WithinDeadline {
    /// Ends calls at their own time limit as well, if that is sooner.
    pub(super) fn of(config: &SdkConfig) -> Self {
        let timeouts = config.timeout_config().cloned();
        Self {
            timeouts: timeouts.unwrap_or_else(|| TimeoutConfig::builder().build()),
        }
    }
}

/// The first words of the names of operations that write nothing.
const READS: [&str; 6] = ["BatchGet", "Describe", "Get", "List", "Query", "Scan"];

#[dyn_dispatch_hint]
impl Intercept for WithinDeadline {
    fn name(&self) -> &'static str {
        "WithinDeadline"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(deadline) = Deadline::current() {
            let left = deadline.left();
            let limit = self.timeouts.operation_timeout();
            let limit = limit.map_or(left, |limit| limit.min(left));
            let timeouts = self.timeouts.to_builder().operation_timeout(limit).build();
            cfg.interceptor_state().store_put(timeouts);
        }
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(deadline) = Deadline::current() else {
            return Ok(());
        };
        let operation = cfg.load::<Metadata>().map(Metadata::name);
        let is_read = operation.is_some_and(|name| READS.iter().any(|read| name.starts_with(read)));
        let may_begin = if is_read {
            !deadline.left().is_zero()
        } else {
            deadline.allows_write()
        };
        if may_begin { Ok(()) } else { Err(Late.into()) }
    }
}
