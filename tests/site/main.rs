//! The documents as a site: mdBook builds it, every link in it leads somewhere, and its
//! diagrams are those of their sources.

mod book;
mod deployment;
mod diagrams;
mod sequence;
mod svg;
