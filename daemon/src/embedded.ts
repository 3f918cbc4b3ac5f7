// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * A file that is part of the program, where that is one executable (tools/executable.ts); `undefined` where it is
 * JavaScript next to its files. The octets are the executable's own: they cannot be written to.
 *
 * @param name As tools/executable.ts names it.
 */
export function embedded(name: string): Uint8Array | undefined {
  const { isSea, getRawAsset } = process.getBuiltinModule('node:sea');
  return isSea() ? new Uint8Array(getRawAsset(name)) : undefined;
}

/** The files of a folder within it, by their names in there. @param folder With a slash at its end. */
export function embeddedFolder(folder: string): ReadonlyMap<string, Uint8Array> | undefined {
  const { isSea, getAssetKeys, getRawAsset } = process.getBuiltinModule('node:sea');
  if (!isSea()) return undefined;
  return new Map(
    getAssetKeys()
      .filter((name) => name.startsWith(folder))
      .map((name) => [name.slice(folder.length), new Uint8Array(getRawAsset(name))]),
  );
}
