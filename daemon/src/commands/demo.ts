// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Command } from './command.ts';
import { refuseMore } from './words.ts';

const BEGIN =
  'A node in a temporary folder, on free ports of this machine. Its attackers have addresses\n' +
  'that only examples use. Nothing leaves the machine, and nothing is left behind.\n';
const END = `
That was the demo; its node and its data are gone. For real:

  sentrypeer -r -a          answer attackers, and serve the lists on port 8082
  sentrypeer tail           watch them come
  sentrypeer --help         everything else
`;

export const DEMO: Command = {
  name: 'demo',
  form: '',
  doc: 'Play a short attack against a throw-away node on this machine, to show recording, listing, explain and allow. It needs no configuration and removes everything it made, even after Ctrl-C.',
  database: 'none',
  flags: ['fast'],
  insteadOfJson: 'it is for people',
  examples: [['demo', 'For a first look.']],
  prepare: ({ words, flags }) => {
    refuseMore(words, 'demo');
    return async ({ clock, print, paint, stopped }) => {
      const { Play } = await import('../demo/play.ts');
      const { playScript } = await import('../demo/script.ts');
      print(BEGIN);
      try {
        await using play = await Play.open({ clock, print, paint, stopped }, flags.has('fast'));
        await playScript(play);
        print(END);
      } catch (error) {
        if (!stopped.aborted) throw error;
        print('\n');
      }
      return undefined;
    };
  },
};
