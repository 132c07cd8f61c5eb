//! A plugin of QEMU's TCG that counts the instructions that the guest executes,
//! by where they lie. `./x bench` uses it.
//!
//! Arguments: `out=FILE`, to which the counts go at the end, a line each, and
//! `NAME=START-END` for each range, in hexadecimal. An instruction belongs to
//! the first range that it lies in. Each repetition of a string instruction
//! counts as one.
//!
//! QEMU declares these functions in `qemu-plugin.h` (version 1 of the
//! interface), which Debian does not package.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// What QEMU keeps to itself.
#[repr(C)]
struct Opaque {
    _private: [u8; 0],
}

/// `QEMU_PLUGIN_INLINE_ADD_U64`
const ADD: c_int = 0;

unsafe extern "C" {
    fn qemu_plugin_register_vcpu_tb_trans_cb(id: u64, callback: extern "C" fn(u64, *mut Opaque));
    fn qemu_plugin_register_atexit_cb(
        id: u64,
        callback: extern "C" fn(u64, *mut c_void),
        data: *mut c_void,
    );
    fn qemu_plugin_tb_n_insns(block: *const Opaque) -> usize;
    fn qemu_plugin_tb_get_insn(block: *const Opaque, index: usize) -> *mut Opaque;
    fn qemu_plugin_insn_vaddr(instruction: *const Opaque) -> u64;
    fn qemu_plugin_register_vcpu_insn_exec_inline(
        instruction: *mut Opaque,
        operation: c_int,
        counter: *const AtomicU64,
        operand: u64,
    );
}

/// The version of the interface.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)] // its name is QEMU's
pub static qemu_plugin_version: c_int = 1;

struct Range {
    name: String,
    start: u64,
    end: u64,
    count: AtomicU64,
}

struct Plugin {
    out: String,
    ranges: Vec<Range>,
}

static PLUGIN: OnceLock<Plugin> = OnceLock::new();

/// What the arguments say, if it makes sense.
fn plugin<'a>(arguments: impl Iterator<Item = &'a str>) -> Option<Plugin> {
    let mut plugin = Plugin {
        out: String::new(),
        ranges: Vec::new(),
    };
    for argument in arguments {
        let (name, value) = argument.split_once('=')?;
        if name == "out" {
            value.clone_into(&mut plugin.out);
            continue;
        }
        let (start, end) = value.split_once('-')?;
        plugin.ranges.push(Range {
            name: name.to_owned(),
            start: u64::from_str_radix(start, 16).ok()?,
            end: u64::from_str_radix(end, 16).ok()?,
            count: AtomicU64::new(0),
        });
    }
    Some(plugin)
}

/// Called by QEMU when it has loaded the plugin; 0 is success.
///
/// # Safety
///
/// `arguments` are `count` C strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: u64,
    _info: *const c_void,
    count: c_int,
    arguments: *const *const c_char,
) -> c_int {
    let arguments = (0..count as usize).map(|index| {
        // SAFETY: the caller's promise.
        unsafe { CStr::from_ptr(*arguments.add(index)) }
    });
    let arguments: Vec<_> = arguments.map(CStr::to_string_lossy).collect();
    let Some(plugin) = plugin(arguments.iter().map(AsRef::as_ref)) else {
        return 1;
    };
    if PLUGIN.set(plugin).is_err() {
        return 1;
    }
    // SAFETY: the callbacks have the types that QEMU declares.
    unsafe {
        qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
        qemu_plugin_register_atexit_cb(id, at_exit, std::ptr::null_mut());
    }
    0
}

/// QEMU has translated a block: its instructions count from now on.
extern "C" fn translated(_id: u64, block: *mut Opaque) {
    let ranges = PLUGIN.get().map_or(&[][..], |plugin| &plugin.ranges);
    // SAFETY: block and instructions are good as long as this function runs, and
    // the counters, in a static, for ever.
    unsafe {
        for index in 0..qemu_plugin_tb_n_insns(block) {
            let instruction = qemu_plugin_tb_get_insn(block, index);
            let at = qemu_plugin_insn_vaddr(instruction);
            let mut ranges = ranges.iter();
            if let Some(range) = ranges.find(|range| (range.start..range.end).contains(&at)) {
                qemu_plugin_register_vcpu_insn_exec_inline(instruction, ADD, &range.count, 1);
            }
        }
    }
}

extern "C" fn at_exit(_id: u64, _data: *mut c_void) {
    let Some(plugin) = PLUGIN.get() else { return };
    let mut lines = String::new();
    for range in &plugin.ranges {
        let count = range.count.load(Ordering::Relaxed);
        _ = writeln!(lines, "{} {count}", range.name);
    }
    if let Err(error) = std::fs::write(&plugin.out, lines) {
        eprintln!("counter: {}: {error}", plugin.out);
    }
}
