//! Files from Debian's packages for tests. The packages are downloaded and unpacked, never
//! installed.
//!
//! | module | content |
//! |---|---|
//! | [`packages`] | packages of this machine's release; kernels and busybox from them |
//! | [`trixie`] | packages of Debian 13, on machines of any release |

pub mod packages;
pub mod trixie;

pub use packages::{Flavour, busybox, kernel, modules, package};
