// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Octets of one MMDB file, 1 and above; it is kept in memory. Chosen: the largest country and network files have about
 * 10 MB.
 */
export const FILE_OCTETS_MAX = 134_217_728;

/**
 * Octets at the end of a file in which its description begins, 1 and above (MaxMind DB format 2.0: at most 128 KiB).
 */
export const METADATA_OCTETS_MAX = 131_072;

/** Characters of the name of a network, 1 and above. Chosen: a line on a screen. */
export const NETWORK_NAME_CHARACTERS_MAX = 100;

/** Bits of the address block that stands for an unknown network, IPv4. Chosen: the smallest block that is routed. */
export const BLOCK_BITS_4 = 24;

/** The same for IPv6: what one site gets (RFC 6177). */
export const BLOCK_BITS_6 = 48;

/** Octets of one block of a file's tree, 1 and above. Chosen: on average a look-up reads one that is not in memory. */
export const TREE_BLOCK_OCTETS = 1024;

/**
 * Blocks of a file's tree in memory, 1 and above. Chosen: half a mebibyte, a tenth of the file that comes with the
 * program.
 */
export const TREE_BLOCKS_COUNT = 512;
