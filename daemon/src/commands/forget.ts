// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Command } from './command.ts';
import { countOf, nameOf } from './text.ts';
import { needed, refuseMore } from './words.ts';

export const FORGET: Command = {
  name: 'forget',
  form: 'WHAT',
  doc: 'Remove everything that is known about an address or a number: its events, totals, evidence and listing. The daemon may be running. Logs, backups, other nodes, the allowlist and the blocklist are left as they are.',
  examples: [['forget 198.51.100.7', 'For example because somebody asked for it.']],
  prepare: ({ words: [what, ...more] }) => {
    const named = needed(what, 'forget WHAT');
    refuseMore(more, 'forget WHAT');
    return async (context) => {
      const { NumberingPlans } = await import('@sentrypeer/numbers');
      const { Forgetting, StoreReader } = await import('@sentrypeer/store');
      const { readForStore } = await import('../services/open-judging.ts');
      const { judgeText } = await import('./subject.ts');
      using log = StoreReader.look(context.config.dbFile);
      const { subject, block } = await judgeText(named, log, context);
      const plans = await NumberingPlans.load();
      const numbers = { read: (dialled: string) => readForStore(plans, dialled) };
      using forgetting = Forgetting.open({ ...context, numbers }, context.config.dbFile);
      const { events, entries, wasListed } = forgetting.forget(subject, named);
      const name = nameOf(subject);
      const isListed = wasListed && block === undefined;
      const what =
        events + entries === 0 && !wasListed
          ? `Nothing was known of ${name}.`
          : `${name} is forgotten: ${countOf(events, 'event')} and ${countOf(entries, 'entry', 'entries')} made from them are gone${isListed ? ', and it is not listed any more' : ''}.`;
      return {
        text: `${what}\n`,
        json: { forgotten: name, events, entries, was_listed: wasListed },
        remark: `Logs, backups, other nodes, the allowlist and the blocklist are left as they are.\n${block === undefined ? '' : `It stays listed, because you blocked ${nameOf(block.subject)}: unblock takes that back.\n`}`,
      };
    };
  },
};
