# Makes an ext4 file system in the first partition of a disk image, with these files and
# EXTLINUX in /boot/extlinux. To be run by root in a mount namespace of its own, whose end
# takes all mounts away.
#
# usage: extlinux.sh IMAGE FILES EXTLINUX
set -eu
image=$1 files=$2 extlinux=$3
tree=$(mktemp -d)
# A loop device whose last user is gone goes away by itself once it is detached.
disk=$(losetup --find --show --partscan "$image")
trap 'losetup --detach "$disk"; umount "$tree" 2>/dev/null; rmdir "$tree"' EXIT
# Kernels without partition tables of their own are told what partx reads.
partx --update "$disk"
# EXTLINUX 6.04 does not read file systems with 64-bit block numbers.
mkfs.ext4 -q -L installer -O ^64bit,^metadata_csum "${disk}p1"
mount "${disk}p1" "$tree"
mkdir -p "$tree/boot/extlinux"
cp -r "$files"/. "$tree/boot/extlinux"
"$extlinux" --install "$tree/boot/extlinux"
