// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { openDecisions } from './allow.ts';
import type { Command } from './command.ts';
import { nameOf } from './text.ts';
import { commentOf, needed, refuseTime } from './words.ts';

export const DELIST: Command = {
  name: 'delist',
  form: 'WHAT [COMMENT]',
  doc: 'Take an address, a number or a range (+46850780xx) off the list: evidence from before now no longer counts. It takes effect within a second in a running daemon.',
  examples: [['delist 198.51.100.7 a false alarm', 'Until it comes again.']],
  flags: ['comment'],
  prepare: ({ words: [what, ...more], flags }) => {
    const named = needed(what, 'delist WHAT [COMMENT]');
    refuseTime(more);
    const comment = commentOf(more, flags);
    return async (context) => {
      const { StoreReader } = await import('@sentrypeer/store');
      const { judgeText } = await import('./subject.ts');
      using decisions = await openDecisions(context);
      using log = StoreReader.look(context.config.dbFile);
      const { subject, block } = await judgeText(named, log, context);
      const delisted = nameOf(decisions.write({ kind: 'delist', subject, comment }) ?? subject);
      const asked = nameOf(subject);
      const what = delisted === asked ? asked : `${delisted}, by which ${asked} is judged,`;
      return {
        text: `${what} is delisted; evidence from now on counts again.\n`,
        json: { delist: delisted, comment },
        ...(block === undefined
          ? {}
          : {
              remark: `It stays listed, because you blocked ${nameOf(block.subject)}: unblock takes that back.\n`,
            }),
      };
    };
  },
};
