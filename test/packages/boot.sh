#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
# Boots the systemd of a Debian that lies in the folder $1, in namespaces of its own: it sees no process, address or file
# of this machine. Ends with it. Needs root; changes nothing outside but a cgroup, $2, which its caller removes.
set -euo pipefail
root=$1 group=$2
if [ "${3:-}" != inside ]; then
  mkdir -p "$group"
  echo $$ > "$group/cgroup.procs"
  exec unshare --mount --pid --fork --uts --ipc --net --cgroup --kill-child "$0" "$root" "$group" inside
fi
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
  touch dev/$name
  mount --bind /dev/$name dev/$name
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ip link set lo up
hostname sentrypeer-test
pivot_root . mnt
umount -l /mnt
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=multi-user.target
