//! Loading a kernel and its initrds.
