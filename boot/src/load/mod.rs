//! Kernels and initrds: from files to where they have to lie in memory.

pub mod bzimage;
pub mod cmdline;
pub mod place;
