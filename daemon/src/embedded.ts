// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * A file inside the one executable (tools/executable.ts); `undefined` if the program is JavaScript next to its files.
 * The octets belong to the executable and cannot be written to.
 *
 * @param name As in tools/executable.ts.
 */
export function embedded(name: string): Uint8Array | undefined {
  const { isSea, getRawAsset } = process.getBuiltinModule('node:sea');
  return isSea() ? new Uint8Array(getRawAsset(name)) : undefined;
}

/** The files of a folder inside the executable, by their names in the folder. @param folder With a slash at its end. */
export function embeddedFolder(folder: string): ReadonlyMap<string, Uint8Array> | undefined {
  const { isSea, getAssetKeys, getRawAsset } = process.getBuiltinModule('node:sea');
  if (!isSea()) return undefined;
  return new Map(
    getAssetKeys()
      .filter((name) => name.startsWith(folder))
      .map((name) => [name.slice(folder.length), new Uint8Array(getRawAsset(name))]),
  );
}
