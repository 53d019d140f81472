//! The files as a reader of recordings meets them. One program, because each would be linked anew.

mod hostile;
mod numpy;
mod signal_files;
mod signals;
mod table_dialects;
mod tables;
