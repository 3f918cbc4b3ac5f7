// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ValueType } from './value-types.ts';

/** Groups of options in the help, the man page and docs/options.md, in this order. */
export const OPTION_GROUPS = {
  sip: 'SIP honeypot',
  tls: 'SIP over TLS',
  agent: 'SIP agent',
  database: 'Database',
  api: 'HTTP API',
  verdict: 'What is listed',
  firewall: 'Firewall (sentrypeer firewall)',
  bgp: 'Routers (sentrypeer bgp)',
  pool: 'Sharing',
  fleet: 'Fleet',
  output: 'Logs and output',
  webhook: 'Webhooks',
  program: 'Program',
} as const;

export type OptionGroup = keyof typeof OPTION_GROUPS;

/** One option: its names in all three places, its value, and the line that explains it. */
export interface Option<T> {
  readonly group: OptionGroup;
  /** Without the two hyphens. */
  readonly long: string;
  /** One letter, without the hyphen. */
  readonly short: string | undefined;
  readonly environment: string;
  /** Key of the configuration file; `undefined` if the file cannot hold it. */
  readonly toml: string | undefined;
  readonly type: ValueType<T>;
  /** The unit of the value; empty if the type says everything. */
  readonly unit: string;
  readonly defaultValue: T;
  /** The default for a person, if it depends on something else. */
  readonly defaultText: string;
  /** The value of the flag alone; `undefined` if it needs one. */
  readonly bare: string | undefined;
  /** Long name of the switch that this option turns on, unless something stronger sets that switch. */
  readonly implies: string | undefined;
  /** Long name of the switch without which this option does nothing. */
  readonly needs: string | undefined;
  /** Several values of which there may be none: an empty array in the file says so. */
  readonly mayBeEmpty: boolean;
  /** One line of documentation. */
  readonly doc: string;
}

/** An entry of the table; names that follow the rule and empty fields are left out. */
export interface OptionEntry<T> {
  readonly group: OptionGroup;
  readonly long: string;
  readonly short?: string;
  /** Only if it is not `SENTRYPEER_` and the long name. */
  readonly environment?: string;
  readonly inFile?: false;
  readonly type: ValueType<T>;
  readonly unit?: string;
  readonly defaultValue: NoInfer<T>;
  readonly bare?: string;
  readonly implies?: string;
  readonly needs?: string;
  /** @default whether there is none by default */
  readonly mayBeEmpty?: boolean;
  readonly doc: string;
}

/** An option that has a default. */
export function option<T>(entry: OptionEntry<T>): Option<T> {
  return complete(entry, entry.defaultValue, entry.type.format(entry.defaultValue));
}

/** An option whose default depends on the machine or on other options. */
export function derivedOption<T>(
  entry: Omit<OptionEntry<T>, 'defaultValue'> & { readonly defaultText: string },
): Option<T | undefined> {
  const { type } = entry;
  const widened: ValueType<T | undefined> = {
    ...type,
    format: (value) => (value === undefined ? '' : type.format(value)),
  };
  return complete<T | undefined>({ ...entry, type: widened }, undefined, entry.defaultText);
}

/** Whether an option is on or off, and so needs no value on the command line. */
export function isSwitch({ type }: Option<unknown>): boolean {
  return type.placeholder === '';
}

function complete<T>(
  entry: Omit<OptionEntry<T>, 'defaultValue'>,
  defaultValue: T,
  defaultText: string,
): Option<T> {
  const key = entry.long.replaceAll('-', '_');
  return {
    group: entry.group,
    long: entry.long,
    short: entry.short,
    environment: entry.environment ?? `SENTRYPEER_${key.toUpperCase()}`,
    toml: entry.inFile === false ? undefined : key,
    type: entry.type,
    unit: entry.unit ?? '',
    defaultValue,
    defaultText,
    bare: entry.bare,
    implies: entry.implies,
    needs: entry.needs,
    mayBeEmpty:
      entry.mayBeEmpty ??
      (defaultValue === false ||
        defaultText === 'none' ||
        (Array.isArray(defaultValue) && defaultValue.length === 0)),
    doc: entry.doc,
  };
}
