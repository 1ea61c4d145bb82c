//! Policies from outside: published cases, stories, refusals and the conformance kit.

mod cases;
mod conformance;
mod refusals;
mod setting;
mod stories;
