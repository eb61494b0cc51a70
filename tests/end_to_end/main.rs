//! Every route, over real HTTP, against real function processes.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

mod account;
mod admin;
mod admin_list;
mod bodies;
mod breaches;
mod client_address;
mod commands;
mod cors;
mod costs;
mod deadlines;
mod deletion;
mod denials;
mod dependencies;
mod documents;
mod events;
mod every_endpoint;
mod examples;
mod export;
mod guessing;
mod guests;
mod introspect;
mod introspect_clients;
mod jwks;
mod last_admin;
mod login;
mod logout;
mod monitoring;
mod new_password;
mod outage;
mod ownership;
mod passwordless;
mod privileges;
mod protected;
mod races;
mod refresh;
mod register;
mod restored;
mod revoke;
mod rights;
mod rotation;
mod secrets;
mod template;
mod template_rules;
mod walk;
