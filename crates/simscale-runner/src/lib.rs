//! The program around the library: files, threads, pictures and reports. The binary `simscale` is a thin shell around it.

pub mod changes;
pub mod commands;
pub mod difference;
pub mod explain;
pub mod failure;
pub mod hash;
pub mod html;
pub mod input;
pub mod lead_in;
pub mod number;
pub mod output;
pub mod record;
pub mod report;
pub mod saved;
pub mod simulate;
pub mod source;
pub mod sweep;
pub mod timeline;
pub mod trace;
pub mod validate;
pub mod versus;
