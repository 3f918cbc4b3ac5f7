// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { suggestion } from './nearest.ts';
import { quoted } from './refusal.ts';
import { OPTION_ENTRIES, type ConfigKey, type Setting, type Settings } from './settings.ts';

const PREFIX = 'SENTRYPEER_';

/** What the environment sets, and which variables only look like ours. */
export interface ParsedEnvironment {
  readonly settings: Settings;
  readonly warnings: readonly string[];
}

/**
 * Reads the variables that begin with `SENTRYPEER_`. Values of unknown ones may be secrets, so they are never shown.
 */
export function parseEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): ParsedEnvironment {
  const settings = new Map<ConfigKey, Setting>();
  const known = new Set<string>();
  for (const [key, { environment }] of OPTION_ENTRIES) {
    known.add(environment);
    const text = env[environment];
    if (text !== undefined) {
      settings.set(key, { text, origin: { kind: 'environment', text: environment } });
    }
  }
  const warnings: string[] = [];
  for (const name of Object.keys(env).sort()) {
    if (name.startsWith(PREFIX) && !known.has(name)) warnings.push(warningAbout(name, known));
  }
  return { settings, warnings };
}

function warningAbout(name: string, known: ReadonlySet<string>): string {
  return `unknown environment variable ${quoted(name)} is ignored${suggestion(name, known)}`;
}
