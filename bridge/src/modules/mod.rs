//! Kernel modules: which ones there are, and loading them.
//!
//! | module | content |
//! |---|---|
//! | [`index`] | the lists that depmod made: files, dependencies, aliases |
//! | [`loader`] | a [`Loader`](loader::Loader) loads a module and what it needs |

pub mod index;
pub mod loader;
