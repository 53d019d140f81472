//! Behaviour across the public interface.

mod restart;
mod summaries;
mod training;
