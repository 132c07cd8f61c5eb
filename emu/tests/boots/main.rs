//! Boots from real FAT volumes, into the model of memory.

mod command;
mod common;
mod companions;
mod load;
mod many;
mod progress;
mod uki;
