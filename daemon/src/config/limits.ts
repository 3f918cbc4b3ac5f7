// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Octets of a file that an option names: keys, certificates, secrets, configurations. Chosen: far above all of them. */
export const NAMED_FILE_OCTETS_MAX = 4_194_304;
