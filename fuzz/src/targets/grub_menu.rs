//! GRUB's configurations: commands and menus. An input is a configuration, then the
//! variables of an environment block, then an entry of the Boot Loader Specification,
//! each after a byte 0xff.

use menus::grub;
use menus::limits;
use menus::memory::Memory;
use menus::menu::Boots;
use menus::storage::{Location, Partition, Properties, Table};

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut parts = data.splitn(3, |&byte| byte == 0xff);
    let mut part = || parts.next().unwrap_or_default();
    let (memory, config) = disk(part(), part(), part());
    let menu = grub::read(&memory, &config);
    assert!(menu.entries.len() <= limits::ENTRIES);
    let mut ids: Vec<&str> = menu.entries.iter().map(|entry| &*entry.id).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
    if let Some(default) = menu.default {
        assert!(default.entry < menu.entries.len());
    }
    for entry in &menu.entries {
        let line = match &entry.boots {
            Boots::Linux { cmdline, .. } | Boots::Multiboot { cmdline, .. } => cmdline,
            Boots::Nothing(reason) => reason,
            _ => "",
        };
        assert!(!line.contains(['\n', '\0']), "{line:?}");
        assert!(entry.notes.iter().all(|note| !note.contains('\n')));
    }
    let writes = menu.entries.iter().flat_map(|entry| &entry.writes);
    for write in writes.chain(&menu.writes) {
        assert_eq!(write.content.len(), BLOCK);
        assert!(write.content.starts_with(SIGNATURE));
    }
}

const BLOCK: usize = 1024;
const SIGNATURE: &[u8] = b"# GRUB Environment Block\n";

fn disk(config: &[u8], environment: &[u8], entry: &[u8]) -> (Memory, Location) {
    let mut memory = Memory::default();
    let partition = |number| Properties {
        disk: Some(0),
        partition: Some(Partition {
            table: Table::Gpt,
            number,
            uuid: "p".to_owned(),
            label: String::new(),
        }),
        file_system: Some("ext2".to_owned()),
        label: Some(format!("l{number}")),
        uuid: Some(format!("u{number}")),
        subtree: None,
    };
    let first = memory.add(partition(1));
    let second = memory.add(partition(2));
    for path in ["/k", "/i", "/boot/vmlinuz-1", "/boot/vmlinuz-2"] {
        memory.file(first, path, b"");
        memory.file(second, path, b"");
    }
    let mut block = [SIGNATURE, environment].concat();
    block.resize(BLOCK, b'#');
    memory.file(first, "/grub/grubenv", &block);
    memory.file(first, "/grub/grub.cfg", config);
    memory.file(second, "/grub/grub.cfg", b"menuentry other { linux /k }\n");
    memory.file(first, "/loader/entries/e-1.conf", entry);
    memory.file(
        first,
        "/loader/entries/e-2.conf",
        b"linux /k\noptions $x y\n",
    );
    let config = Location::new(first, "/grub/grub.cfg").expect("it has no newline");
    (memory, config)
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let inputs: [&[&str]; 6] = [
        &[
            "load_env\nset default=\"${saved_entry}\"\nif [ \"${next_entry}\" ]; then set default=${next_entry}; next_entry=; save_env next_entry; fi\n\
             menuentry a --id b { saved_entry=$chosen; save_env saved_entry; search --set=root -u u2; linux /k $1 x\\ y; initrd /i }\nsubmenu s { menuentry t { halt } }\n",
            "saved_entry=s>t\nnext_entry=b\n",
        ],
        &[
            "set x=z\nblscfg\n",
            "",
            "title T\nlinux /k\ninitrd /i\noptions $x q\ngrub_arg a\n",
        ],
        &[
            "for f in /boot/vmlinuz-*; do regexp --set=1:v 'z-(.*)$' $f; menuentry \"k $v\" $f { linux $2; multiboot /k; module /i m }; done\n",
        ],
        &[
            "search.fs_label l2 r\nset prefix=($r)/grub\nmenuentry x { configfile $prefix/grub.cfg }\nconfigfile $prefix/none\nsource $config_directory/none\n",
        ],
        &[
            "superusers=a\nmenuentry a { probe --set=x --part-uuid ($root); loopback l /k; chainloader (hd0,1)+1 }\nmenuentry b --unrestricted { true; boot }\n",
        ],
        &[
            "x=aaaaaaaa; while [ -n $x ]; do x=$x$x; eval \"echo $x\"; done\nfunction f { shift; f $@; }\nf 1 2 3\ntimeout=0x10 fallback='1 2'\n",
        ],
    ];
    inputs
        .map(|parts| {
            let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
            parts.join(&0xff)
        })
        .to_vec()
}
