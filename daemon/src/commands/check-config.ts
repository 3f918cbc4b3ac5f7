// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert, OperatingError } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { refusal } from '../config/refusal.ts';
import { OPTION_ENTRIES } from '../config/settings.ts';
import { homePlanOf } from '../services/open-judging.ts';
import { checkFiles } from './check-files.ts';
import type { Command } from './command.ts';
import { formatTable } from './text.ts';
import { refuseMore } from './words.ts';

const RIGHT = 'The configuration is right.\n';

export const CHECK_CONFIG: Command = {
  name: 'check-config',
  form: '',
  doc: 'Read the configuration as the daemon would (flags, environment, file, systemd unit) and print every setting that differs from its default. If something is wrong, print that and exit with status 2. Keys, certificates and files of countries and networks are read; ports and the database are not opened.',
  database: 'none',
  examples: [['-g /etc/sentrypeer.toml check-config', 'Before a restart.']],
  prepare: ({ words }) => {
    refuseMore(words, 'check-config');
    return async ({ loadAsDaemon, logger, warnings: said }) => {
      const loaded = loadAsDaemon();
      if (loaded.kind === 'refused') throw refusal(loaded.message);
      assert(loaded.kind === 'run', 'what the daemon would do is run');
      const { config, origins } = loaded;
      checkHome(await NumberingPlans.load(), config.homeCountry);
      const warnings = [...loaded.warnings, ...(await checkFiles(config, logger))];
      const set = OPTION_ENTRIES.filter(([key]) => origins[key].kind !== 'default').map(
        ([key, { long, type }]) => ({
          option: `--${long}`,
          value: type.isSecret === true ? '***' : type.format(config[key]),
          from: origins[key].text,
        }),
      );
      return {
        text: formatTable(set.map(({ option, value, from }) => [option, value, from])),
        json: { settings: set, warnings },
        remark: warnings.length === 0 ? RIGHT : warningsText(warnings, said),
      };
    };
  },
};

/** Refuses a country without a numbering plan, with the status of whatever is wrong in a configuration. */
function checkHome(plans: NumberingPlans, country: string | undefined): void {
  try {
    homePlanOf(plans, country);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw refusal(error.message, { cause: error });
  }
}

function warningsText(warnings: readonly string[], said: readonly string[]): string {
  const news = warnings.filter((warning) => !said.includes(warning));
  const lines = news.map((warning) => `sentrypeer: ${warning}\n`).join('');
  return `${lines}The configuration is understood; look at the ${warnings.length === 1 ? 'warning' : `${warnings.length} warnings`} above.\n`;
}
