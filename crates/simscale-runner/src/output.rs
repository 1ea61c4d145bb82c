//! Where results go: a folder that a run fills whole or not at all.

mod claim;
mod folder;
mod instances;
mod manifest;
mod tables;

pub use folder::write_whole;
pub use folder::{FILES, Folder, PUBLISHED_MARK};
pub use instances::{INSTANCE_COLUMNS, instance_cells};
pub(crate) use manifest::file_name;
pub use manifest::{Manifest, Timing, TraceRecord, command_line};
pub(crate) use tables::columns;
pub use tables::{ACTIVITY_COLUMNS, Column, PERIOD_COLUMNS, Table, activity_cells, period_cells};
