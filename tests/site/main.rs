//! The documents as a site: mdBook builds it, and every link in it leads somewhere.

mod book;
