// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { concat } from './concat.ts';
export { copyToKeep } from './copy-to-keep.ts';
export { Cursor } from './cursor.ts';
export { hexOctets, hexText } from './hex.ts';
export { equalInConstantTime, KeyedHash } from './keyed-hash.ts';
export { asBuffer, latin1FromUtf8, latin1Octets, latin1Text, utf8FromLatin1 } from './latin1.ts';
export { Writer } from './writer.ts';
