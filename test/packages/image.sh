#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
# Builds the Dockerfile by buildah into the storage in the folder $1. Instead of the image of Node.js that it names, which
# may be out of reach, it starts from the Debian in the archive $2 with this machine's Node.js $3 and npm, where that image
# has them.
set -euo pipefail
storage=$1 debian=$2 node=$3
export BUILDAH_ISOLATION=chroot
engine="buildah --root $storage/images --runroot $storage/run --storage-driver vfs"
base=$storage/base
mkdir -p "$base"
tar -C "$base" -xf "$debian" --exclude './dev/*'
mkdir -p "$base/usr/local/bin" "$base/usr/local/lib/node_modules"
cp "$node" "$base/usr/local/bin/node"
cp -R "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$base/usr/local/lib/node_modules/npm"
ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$base/usr/local/bin/npm"
container=$($engine from scratch)
$engine add -q "$container" "$base" /
$engine config --env PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
$engine commit -q "$container" localhost/node
$engine rm "$container" > /dev/null
# npm in there reaches its registry as npm here does.
volumes=()
for file in /etc/npmrc /usr/local/etc/npmrc "$HOME/.npmrc" "${NODE_EXTRA_CA_CERTS:-}"; do
  if [ -e "$file" ]; then volumes+=(--volume "$file:${file/#$HOME//root}:ro"); fi
done
$engine build --quiet --format docker --network host "${volumes[@]}" --build-arg NODE_IMAGE=localhost/node -t sentrypeer .
