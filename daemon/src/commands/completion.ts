// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { COMMAND_FLAG_ENTRIES } from '../config/command-flags.ts';
import { isSwitch } from '../config/option.ts';
import { PRINT_FLAGS } from '../config/options.ts';
import { quoted, refusal } from '../config/refusal.ts';
import { OPTION_ENTRIES } from '../config/settings.ts';
import type { Command } from './command.ts';
import { needed, refuseMore } from './words.ts';

const SHELLS = { bash, zsh, fish } as const;

/** @param commands The table that contains this command. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    form: 'bash|zsh|fish',
    doc: 'Print a script that lets the shell complete commands and options.',
    database: 'none',
    examples: [
      [
        'completion bash > /etc/bash_completion.d/sentrypeer',
        'For every user, from the next shell on.',
      ],
      ['completion fish > ~/.config/fish/completions/sentrypeer.fish', 'For yourself.'],
    ],
    prepare: ({ words: [shell, ...more] }) => {
      const name = needed(shell, 'completion bash|zsh|fish');
      refuseMore(more, 'completion bash|zsh|fish');
      if (name !== 'bash' && name !== 'zsh' && name !== 'fish') {
        throw refusal(
          `completion does not know ${quoted(name)}: write completion bash, zsh or fish`,
        );
      }
      return async () => {
        const script = SHELLS[name](commands());
        return { text: script, json: { shell: name, script } };
      };
    },
  };
}

/** What may follow each first word; `''` stands for the beginning. */
function nextWords(commands: readonly Command[]): ReadonlyMap<string, readonly string[]> {
  const next = new Map<string, string[]>([['', []]]);
  for (const { name, form } of commands) {
    const [first = '', second] = name.split(' ');
    const starts = next.get('') ?? [];
    if (!starts.includes(first)) starts.push(first);
    // `bash|zsh|fish` and `[addresses|numbers]` are words to choose from.
    const choices =
      form.includes('|') && !form.includes(' ')
        ? form.replaceAll('[', '').replaceAll(']', '').split('|')
        : [];
    const words = second === undefined ? choices : [second];
    next.set(first, [...(next.get(first) ?? []), ...words]);
  }
  return next;
}

function longFlags(): readonly string[] {
  return [
    ...OPTION_ENTRIES.map(([, { long }]) => `--${long}`),
    ...COMMAND_FLAG_ENTRIES.map(([name]) => `--${name}`),
    ...Object.values(PRINT_FLAGS).map(({ long }) => `--${long}`),
  ];
}

/** Flags that take a value, so that the word after them is not a command. */
function flagsWithValue(): readonly string[] {
  const options = OPTION_ENTRIES.filter(
    ([, option]) => !isSwitch(option) && option.bare === undefined,
  );
  return [
    ...options.flatMap(([, { long, short }]) => [
      `--${long}`,
      ...(short === undefined ? [] : [`-${short}`]),
    ]),
    ...COMMAND_FLAG_ENTRIES.filter(([, { placeholder }]) => placeholder !== '').map(
      ([name]) => `--${name}`,
    ),
  ];
}

function bash(commands: readonly Command[]): string {
  const cases = [...nextWords(commands)]
    .filter(([first, words]) => first !== '' && words.length > 0)
    .map(([first, words]) => `    ${first}) words="${words.join(' ')}" ;;`);
  return `# bash completion for sentrypeer
_sentrypeer() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} first= place=0 words index
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "${longFlags().join(' ')}" -- "$current"))
    return
  fi
  case $before in
    ${flagsWithValue().join('|')})
      COMPREPLY=($(compgen -f -- "$current"))
      return ;;
  esac
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      ${flagsWithValue().join('|')}) ((index++)) ;;
      -*) ;;
      *) first=\${first:-\${COMP_WORDS[index]}}; ((place++)) ;;
    esac
  done
  words=
  if ((place == 0)); then
    words="${(nextWords(commands).get('') ?? []).join(' ')}"
  elif ((place == 1)); then
    case $first in
${cases.map((line) => `  ${line}`).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _sentrypeer sentrypeer
`;
}

/** zsh uses the bash completion. */
function zsh(commands: readonly Command[]): string {
  return `#compdef sentrypeer
autoload -U +X bashcompinit && bashcompinit
${bash(commands)}`;
}

function fish(commands: readonly Command[]): string {
  const next = nextWords(commands);
  const lines = ['# fish completion for sentrypeer', 'complete -c sentrypeer -f'];
  const starts = next.get('') ?? [];
  lines.push(`complete -c sentrypeer -n '__fish_use_subcommand' -a '${starts.join(' ')}'`);
  for (const [first, words] of next) {
    if (first === '' || words.length === 0) continue;
    lines.push(
      `complete -c sentrypeer -n '__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${words.join(' ')}' -a '${words.join(' ')}'`,
    );
  }
  for (const [, option] of OPTION_ENTRIES) {
    const { long, short, doc } = option;
    const letter = short === undefined ? '' : ` -s ${short}`;
    lines.push(
      `complete -c sentrypeer -l ${long}${letter}${isSwitch(option) ? '' : ' -r'} -d ${fishText(doc)}`,
    );
  }
  for (const [name, { doc, placeholder }] of COMMAND_FLAG_ENTRIES) {
    lines.push(
      `complete -c sentrypeer -l ${name}${placeholder === '' ? '' : ' -x'} -d ${fishText(doc)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function fishText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
