// Runs a machine in v86: `node run.mjs OPTIONS`, where OPTIONS is a JSON object with
//
//   package   the directory of the npm package "v86"
//   bios      the BIOS, a file
//   vgaBios   the BIOS of the graphics card, a file
//   memory    MiB of memory, a power of 2
//   disk      the image of the first hard disk
//   writable  true if the image is to have what the guest wrote, once the machine has ended
//   floppy    the image of a floppy disk that is booted instead (optional)
//
// Events come out of standard output, one JSON object a line:
//
//   {"serial": [bytes]}   the guest sent bytes to COM1
//   {"screen": [bytes]}   the screen has changed: characters and attributes, row by row
//
// Commands go into standard input, one JSON object a line:
//
//   {"serial": [bytes]}   COM1 receives bytes
//   {"keyboard": [bytes]} the keyboard sends scan codes (set 1)
//
// The exit status is that of QEMU with `isa-debug-exit` and `-no-reboot`: 2 v + 1 when the
// guest writes v to port F4h, 0 when it restarts the machine.

import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const DEBUG_EXIT = 0xf4;
const SCREEN = 0xb8000;
const LAST_LINE = 0x484;
const LINE_BYTES = 80 * 2;
/** An address shifted by this is the number of a block of v86's memory map. */
const BLOCK_BITS = 17;

const options = JSON.parse(process.argv[2]);
const build = path.join(options.package, "build");
const { V86 } = await import(pathToFileURL(path.join(build, "libv86.mjs")));

/** The content of a file, or undefined without a file. */
function image(file) {
    if (file === undefined) return undefined;
    const { buffer, byteOffset, byteLength } = fs.readFileSync(file);
    return { buffer: buffer.slice(byteOffset, byteOffset + byteLength) };
}

const disk = image(options.disk);
const emulator = new V86({
    wasm_path: path.join(build, "v86.wasm"),
    bios: image(options.bios),
    vga_bios: image(options.vgaBios),
    memory_size: options.memory << 20,
    hda: disk,
    fda: image(options.floppy),
    disable_speaker: true,
});

emulator.add_listener("emulator-ready", () => {
    const { cpu } = emulator.v86;
    cpu.io.register_write(DEBUG_EXIT, {}, (value) => end(2 * value + 1));
    cpu.reboot_internal = () => end(0);
    readline.createInterface({ input: process.stdin }).on("line", obey);
    emulator.run();
});

function obey(line) {
    const command = JSON.parse(line);
    if (command.serial) emulator.serial_send_bytes(0, command.serial);
    if (command.keyboard) emulator.keyboard_send_scancodes(command.keyboard);
}

// What has happened is told once the emulator pauses, not byte by byte.
let sent = [];
let screenChanged = false;
let willTell = false;

function tellSoon() {
    if (willTell) return;
    willTell = true;
    setImmediate(tell);
}

function tell() {
    willTell = false;
    if (sent.length > 0) print({ serial: sent });
    if (screenChanged) print({ screen: screen() });
    sent = [];
    screenChanged = false;
}

emulator.add_listener("serial0-output-byte", (byte) => {
    sent.push(byte);
    tellSoon();
});
for (const event of ["screen-put-char", "screen-set-size"]) {
    emulator.add_listener(event, () => {
        screenChanged = true;
        tellSoon();
    });
}

/** The bytes of the text screen, as the guest would read them. */
function screen() {
    const last = emulator.read_memory(LAST_LINE, 1)[0];
    // If the firmware has not set this yet: the value at VGA's start.
    const lines = Math.min(Math.max(last, 24), 59) + 1;
    const read = emulator.v86.cpu.memory_map_read8[SCREEN >> BLOCK_BITS];
    return Array.from({ length: lines * LINE_BYTES }, (_, index) => read(SCREEN + index));
}

function print(event) {
    // To a pipe, this returns when the line is written.
    process.stdout.write(JSON.stringify(event) + "\n");
}

function end(status) {
    tell();
    if (options.writable) fs.writeFileSync(options.disk, new Uint8Array(disk.buffer));
    process.exit(status);
}
