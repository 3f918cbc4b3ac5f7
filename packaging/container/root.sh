#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
# Makes the whole root of the image in the folder $1: the bundle in $2, the Node.js that is on PATH, and the libraries
# that it needs. No shell, no package manager, nothing else.
set -eu
root=$1 bundle=$2
node=$(command -v node)
mkdir -p "$root/usr/lib/sentrypeer" "$root/etc" "$root/var/lib/sentrypeer" "$root/usr/share/doc/sentrypeer"
cp -R "$bundle"/*.js "$bundle/country.mmdb" "$bundle/dashboard" "$bundle/package.json" "$root/usr/lib/sentrypeer/"
cp "$bundle/LICENCES.txt" "$bundle/LICENSE-GPL-2.0" "$bundle/LICENSE-GPL-3.0" "$bundle/sentrypeer.cdx.json" \
  "$root/usr/share/doc/sentrypeer/"
cp "$bundle/LICENCES.txt" "$root/usr/lib/sentrypeer/" # What --licences prints.
cp "$node" "$root/usr/lib/sentrypeer/node"
if command -v strip > /dev/null; then strip "$root/usr/lib/sentrypeer/node"; fi
# "libc.so.6 => /lib/…/libc.so.6 (0x…)", and the loader without an arrow.
ldd "$node" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
# Node.js reads no more of the system than names; a user that is not here works as well.
echo 'sentrypeer:x:65532:0:SentryPeer:/var/lib/sentrypeer:/nonexistent' > "$root/etc/passwd"
echo 'root:x:0:' > "$root/etc/group"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
# For any user with the group 0, which is what engines give to a user that they were told by number.
chown 65532:0 "$root/var/lib/sentrypeer"
chmod 0770 "$root/var/lib/sentrypeer"
