//! The local stack: runs what `infra/template.yaml` describes on one machine.
//!
//! It consists of an embedded DynamoDB with the template's tables, a key ring,
//! processes for each function behind a Runtime API, a gateway that behaves like API
//! Gateway with an HTTP API, event source mappings, and stand-ins for SQS and SES. All
//! functions, routes, tables and queues come from the template; only `console` names some of them, because it shows what is in them.

mod aws;
mod clock;
mod console;
mod embedded;
mod error;
mod gateway;
mod ids;
mod keys;
mod lambda;
mod listen;
mod local_pages;
mod log;
mod mapping;
mod options;
mod plan;
pub mod private;
mod queues;
pub mod server;
mod services;
mod site;
mod stack;
mod state;
mod storage;
mod stream;
mod tables;
mod template;
mod template_file;
mod timer;

pub use embedded::Embedded;
pub use error::StackError;
pub use keys::check_keys;
pub use lambda::InvokeError;
pub use log::LogTarget;
pub use options::StackOptions;
pub use plan::Plan;
pub use services::{Mail, Ses, SesBehaviour};
pub use stack::{Renaming, Stack, stack_directory};
pub use storage::{Schema, Storage, key_ring_path};
pub use tables::DATABASE;
pub use template::TemplateError;
pub use template_file::{all_function_names, function_names, resource_ids, template_document};
