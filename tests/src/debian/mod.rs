//! What tests take out of Debian's packages, which are downloaded and unpacked,
//! never installed.
//!
//! | module | what is in it |
//! |---|---|
//! | [`packages`] | packages of this machine's release; kernels and busybox out of them |
//! | [`trixie`] | packages of Debian 13, whatever this machine runs |

pub mod packages;
pub mod trixie;

pub use packages::{Flavour, busybox, kernel, package};
