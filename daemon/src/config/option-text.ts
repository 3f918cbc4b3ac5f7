// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isSwitch, OPTION_GROUPS, type Option, type OptionGroup } from './option.ts';
import { PRINT_FLAGS } from './options.ts';
import { OPTION_ENTRIES } from './settings.ts';

/** An option as presented by the help, the man page and docs/options.md. */
export interface OptionText {
  /** `-f, --db-file FILE` without the value: `-f`, `--db-file`. */
  readonly names: readonly string[];
  /** Empty if the flag takes no value. */
  readonly placeholder: string;
  readonly doc: string;
  /** `undefined` for flags that only print. */
  readonly option: Option<unknown> | undefined;
}

/** The table by groups; flags that only print are at the end of the last group. */
export function optionTexts(): readonly (readonly [title: string, texts: readonly OptionText[]])[] {
  const groups = Object.entries(OPTION_GROUPS) as readonly (readonly [OptionGroup, string])[];
  return groups.map(([group, title]) => {
    const texts: OptionText[] = OPTION_ENTRIES.filter(([, option]) => option.group === group).map(
      ([, option]) => ({
        names: names(option),
        placeholder: option.type.placeholder,
        doc: option.doc,
        option,
      }),
    );
    if (group === 'program') {
      for (const flag of Object.values(PRINT_FLAGS)) {
        texts.push({ names: names(flag), placeholder: '', doc: flag.doc, option: undefined });
      }
    }
    return [title, texts];
  });
}

/** Allowed values, unit, default, and related switches: label and text. */
export function optionFacts(option: Option<unknown>): readonly (readonly [string, string])[] {
  const { type, unit, defaultText, implies, needs } = option;
  const facts: [string, string][] = [];
  if (!isSwitch(option)) {
    const repeated = type.repeatable ? '; may be given several times' : '';
    facts.push(['Value', `${type.wanted}${unit === '' ? '' : ` (${unit})`}${repeated}`]);
  }
  facts.push(['Default', defaultText]);
  if (implies !== undefined) facts.push(['Turns on', `\`--${implies}\``]);
  if (needs !== undefined) facts.push(['Only with', `\`--${needs}\``]);
  return facts;
}

function names(flag: { readonly long: string; readonly short: string | undefined }): string[] {
  const long = `--${flag.long}`;
  return flag.short === undefined ? [long] : [`-${flag.short}`, long];
}
