//! Boots from real FAT volumes, into the model of memory.

mod command;
mod command_line;
mod common;
mod companions;
mod load;
mod many;
mod progress;
mod start;
mod uki;
