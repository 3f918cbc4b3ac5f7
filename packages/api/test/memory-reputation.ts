// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import type { Decision } from '@sentrypeer/event';
import type { Reputation } from '../src/index.ts';

type Of<K extends keyof Reputation> = Reputation[K] extends (...args: never) => infer T ? T : never;
type Judgement = ReturnType<Reputation['judge']['judge']>;
type NumberJudgement = NonNullable<Judgement['number']>;

export const UNTIL_US = 1_790_000_000_000_000;

/** A judge that says what a test puts in, and a list of what it was told. */
export class MemoryReputation implements Reputation {
  /** Numbers by each dialled form, and addresses. */
  readonly numbers = new Map<string, Partial<NumberJudgement>>();
  readonly addresses = new Map<string, readonly string[]>();
  readonly called = new Map<string, NonNullable<Of<'number'>>>();
  readonly decisions: Decision[] = [];
  fails: string | undefined;
  readonly grouped = (e164: string): string => `+${e164.slice(0, 2)} ${e164.slice(2)}`;

  /** What is not unmet, of numbers and addresses. */
  readonly standings = new Map<string, ReturnType<Reputation['judge']['numberStanding']>>();

  /** What is blocked by itself, by value. */
  readonly blocked = new Map<string, Of<'blocks'>[number]>();

  readonly judge: Reputation['judge'] = {
    blockOn: ({ value }) => this.blocked.get(value),
    numberStanding: (number) => this.standings.get(number) ?? 'unmet',
    addressStanding: (address) => this.standings.get(address) ?? 'unmet',
    judge: ({ number: dialled, address: source }) => {
      const number = dialled === undefined ? undefined : this.#number(dialled);
      const address =
        source === undefined
          ? undefined
          : { ...verdictOf(this.addresses.get(source)), entry: source, pool: undefined };
      const verdicts = [number, address].filter((verdict) => verdict !== undefined);
      const listed = verdicts.filter((verdict) => verdict.listed);
      return {
        ...verdictOf(listed.length === 0 ? undefined : listed.flatMap(({ reasons }) => reasons)),
        number,
        address,
      };
    },
  };

  number(e164: string): Of<'number'> {
    return this.called.get(e164);
  }

  allowances(): Of<'allowances'> {
    return [
      { value: '192.0.2.0/24', comment: 'ours', createdEpochUs: UNTIL_US, untilEpochUs: undefined },
    ];
  }

  blocks(): Of<'blocks'> {
    return [...this.blocked.values()];
  }

  blockable(text: string): Of<'blockable'> {
    if (text === 'nonsense')
      return { kind: 'unread', why: `${text} cannot be blocked: no address` };
    const guard = text.startsWith('192.') ? 'it is on the allowlist (ours)' : undefined;
    const kind = text.includes('.') ? 'address' : 'number';
    const value = text.replace('+', '');
    return {
      kind: 'subject',
      subject: { kind, value },
      alike: [],
      isWide: this.isWide(text),
      guard,
    };
  }

  isWide(value: string): boolean {
    return value.endsWith('/0');
  }

  isAllowable(value: string): boolean {
    return value !== 'nonsense';
  }

  spellings(value: string): Of<'spellings'> {
    return { value, alike: [`old ${value}`] };
  }

  async decide(decision: Decision): Promise<void> {
    if (this.fails !== undefined) throw new OperatingError(this.fails, 'why');
    this.decisions.push(decision);
  }

  /** Numbers that the judge was asked for. */
  readonly asked: string[] = [];

  #number(dialled: string): NumberJudgement {
    this.asked.push(dialled);
    const known = this.numbers.get(dialled);
    return {
      ...verdictOf(known?.reasons),
      kind: isNumber(dialled) ? 'number' : 'none',
      digits: digitsOf(dialled),
      e164: undefined,
      country: undefined,
      type: undefined,
      destinationClass: undefined,
      range: undefined,
      pool: undefined,
      ...known,
    };
  }
}

/** About as the judge reads it. */
function isNumber(dialled: string): boolean {
  return /^(?:tel:|sips?:)?[-+*#(). \d]{0,60}[*#\d][-(). ]*(?:[;:@].*)?$/.test(dialled);
}

/** Without scheme, host, separators and a first plus. */
function digitsOf(dialled: string): string {
  const [user = ''] = dialled.replace(/^(?:tel:|sips?:)/, '').split(/[;:@]/);
  return user.replace(/[-(). ]/g, '').replace(/^\+/, '');
}

/** Listed where there are reasons. */
function verdictOf(reasons: readonly string[] = []) {
  const listed = reasons.length > 0;
  const level = listed ? ('listed' as const) : ('none' as const);
  const untilEpochUs = listed ? UNTIL_US : undefined;
  return { level, listed, score: listed ? 60 : 0, reasons, untilEpochUs };
}
