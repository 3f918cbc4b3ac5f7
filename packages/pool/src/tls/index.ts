// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { LinkDoor, type LinkTarget } from './link-door.ts';
