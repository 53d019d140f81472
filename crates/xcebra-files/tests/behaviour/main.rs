//! The files as a reader of recordings meets them. One program, because each would be linked anew.

mod annotations;
mod biosignal_properties;
mod biosignals;
mod constant;
mod damaged_signals;
mod hostile;
mod numpy;
mod signal_corpus;
mod signal_files;
mod signals;
mod sound_properties;
mod sounds;
mod table_dialects;
mod tables;
