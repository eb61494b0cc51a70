//! Existing clients and resource servers against the local stack, unchanged, in the
//! versions that `tests/clients/requirements.txt` pins.

mod introspection;
