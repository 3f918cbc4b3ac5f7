// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export { openSpeaker, type OpenSpeakerOptions } from './open-speaker.ts';
