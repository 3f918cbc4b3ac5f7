#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
# A place for podman that needs nothing of this machine: mounts and a network of its own, and cgroups of version 2 where
# it looks for them. It stays until it is killed; others enter it (nsenter).
set -euo pipefail
if [ "${1:-}" != inside ]; then exec unshare --mount --net "$0" inside; fi
mount --make-rprivate /
mount -t tmpfs tmpfs /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /run
ip link set lo up
echo ready
exec sleep infinity
