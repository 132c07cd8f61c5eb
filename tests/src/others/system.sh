# Makes a Debian system's /boot on a partitioned disk image: the file systems, the files,
# grub-mkconfig's own grub.cfg, and GRUB, by grub-install. To be run by root in a mount
# namespace of its own, whose end takes all mounts away.
#
# usage: system.sh IMAGE FILE-SYSTEM ROOT BOOT FILES SETTINGS TOOLS
#   FILE-SYSTEM  ext4 or btrfs (the system is then in the subvolume @)
#   ROOT, BOOT   numbers of the partitions for / and /boot, the same or different ones
#   FILES        the directory whose files go to /boot
#   SETTINGS     /etc/default/grub
#   TOOLS        a directory with grub-install, with udevadm, which tells it where a
#                partition begins, and with GRUB's own files for a BIOS, i386-pc
set -eu
image=$1 type=$2 root=$3 boot=$4 files=$5 settings=$6 tools=$7
system=$(mktemp -d)
# A loop device whose last user is gone goes away by itself once it is detached.
disk=$(losetup --find --show --partscan "$image")
trap 'cd /; losetup --detach "$disk"; umount --recursive "$system" 2>/dev/null; rmdir "$system"' EXIT
# Kernels without partition tables of their own are told what partx reads.
partx --update "$disk"

part() { echo "${disk}p$1"; }
format() { # PARTITION LABEL
    case $type in
        ext4) mkfs.ext4 -q -L "$2" "$1" ;;
        btrfs) mkfs.btrfs -q -L "$2" "$1" ;;
    esac
}

format "$(part "$root")" root
mount "$(part "$root")" "$system"
if [ "$type" = btrfs ]; then
    btrfs -q subvolume create "$system/@"
    umount "$system"
    mount -o subvol=@ "$(part "$root")" "$system"
fi
cd "$system"
mkdir boot dev etc proc sys tmp usr var
if [ "$boot" != "$root" ]; then
    format "$(part "$boot")" boot
    mount "$(part "$boot")" boot
fi
for directory in bin lib lib64 sbin; do ln -s usr/$directory $directory; done
cp -r "$files"/. boot

# The programs of this machine, with devices as udev shows them.
mount --bind /usr usr
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs tmpfs dev
mkdir -p dev/disk/by-uuid
cp -a /dev/null /dev/zero /dev/urandom "$disk" "$disk"p* dev
for partition in "$root" "$boot"; do
    partition=$(part "$partition")
    ln -sf "$partition" "dev/disk/by-uuid/$(blkid -p -s UUID -o value "$partition")"
done
cp -a /etc/grub.d /etc/os-release /etc/passwd /etc/group /etc/ld.so.* etc
mkdir etc/default
cp "$settings" etc/default/grub

mkdir tmp/tools
mount --bind "$tools" tmp/tools
in_system() {
    chroot "$system" /usr/bin/env -i PATH=/tmp/tools:/usr/sbin:/usr/bin LC_ALL=C "$@" </dev/null
}
in_system grub-install --target=i386-pc --directory=/tmp/tools/i386-pc \
    --locales= --fonts= --themes= "$disk"
in_system grub-editenv /boot/grub/grubenv create
in_system grub-mkconfig -o /boot/grub/grub.cfg
in_system grub-script-check /boot/grub/grub.cfg
