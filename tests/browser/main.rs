//! Pages in Debian's Chromium against the local stack. Each test starts a service and runs
//! a script of this folder with Node.

mod clients;
mod console;
mod cookie;
mod mail;
mod origins;
mod page;
mod reference;
mod scripts;
