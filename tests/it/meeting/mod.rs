//! A meeting's server, seen from its clients.

mod annotations;
mod captured;
mod client;
mod conference;
mod contents;
mod custom;
mod durable;
mod idl;
mod joining;
mod mirror;
mod notes;
mod packages;
mod polls;
mod qna;
mod recorded;
mod slides;
mod stage;
mod store;
mod titles;
mod uploads;
mod versions;
mod web;
mod world;
