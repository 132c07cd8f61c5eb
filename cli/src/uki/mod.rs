//! Unified Kernel Images: made, converted, explained.
//!
//! What is made is a PE file for UEFI and a bzImage for every other loader in
//! one, see `docs/legacy-uki.md`. Nothing is held in memory but headers and
//! small sections: kernels and initrds are copied from file to file.
//!
//! | module | what it is |
//! |---|---|
//! | [`inputs`] | what an image is made of |
//! | [`build`], [`convert`] | an image made of its parts, or of another image |
//! | [`append`] | an image whose command line has more words |
//! | [`report`] | what is in an image, what it starts on, what is wrong |
//! | [`payload`] | what kexec starts of a kernel or an image |
//! | [`pe`] | PE files, read |
//! | [`content`] | what a section holds, and where it comes from |
//! | [`sections`] | sections by name, profile and purpose |
//! | [`kernel`] | the inner kernel's header, and ours |
//! | [`osrel`] | os-release and profile texts |
//! | [`cpio`] | the archives that systemd-stub makes |
//! | [`field`], [`limits`] | offsets in PE headers; alignments and sizes |
//! | [`pe_headers`] | PE headers, written |
//! | [`stub`] | the code that makes the file a bzImage |
//! | [`debug`] | offsets into the file that move with it |
//! | [`image`] | the file: what lies where, written |

pub mod append;
pub mod build;
pub mod content;
pub mod convert;
pub mod cpio;
pub mod debug;
pub mod field;
pub mod image;
pub mod inputs;
pub mod kernel;
pub mod limits;
pub mod osrel;
pub mod payload;
pub mod pe;
pub mod pe_headers;
pub mod report;
pub mod sections;
pub mod stub;
