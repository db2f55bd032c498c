//! The house rules that a machine can check: the floors, what a crate may know, and what no file
//! says. Reads the sources of the project; must not know what they do.

mod arrows;
mod floors;
mod pages;
mod paths;
mod sources;
mod words;
