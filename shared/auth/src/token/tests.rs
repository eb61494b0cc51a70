//! Every reason to refuse an access token, and every token that must be accepted.

mod accepted;
mod cached;
mod claims;
mod confusion;
mod forge;
mod form;
mod header;
mod issuing;
mod mutation;
mod scan;
mod wycheproof;
