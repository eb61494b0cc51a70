//! The pages in `docs/migrating`: their programs and commands run as they are printed, and
//! their tables have every name of the other product.

mod django;
mod flask;
mod names;
mod page;
mod people;
mod project;
mod server;
