//! Files from Debian's packages for tests. The packages are downloaded and unpacked, never
//! installed; `system` alone installs some, into a system of its own.
//!
//! | module | content |
//! |---|---|
//! | [`packages`] | packages of this machine's release; kernels and busybox from them |
//! | [`trixie`] | packages of Debian 13, on machines of any release |
//! | [`system`] | a Debian whose programs run on this machine |

pub mod packages;
pub mod system;
pub mod trixie;

pub use packages::{Flavour, busybox, kernel, modules, package};
