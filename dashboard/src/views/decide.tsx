// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { useRef, useState } from 'preact/hooks';
import type { Allowance, Block } from '../api-types.ts';
import { useAnswer } from '../ask/use-answer.ts';
import { COMMENT_CHARACTERS_MAX } from '../limits.ts';
import { decide, decided, type DecisionBody } from '../state/decisions.ts';
import { isAdmin } from '../state/session.ts';
import { holds } from '../text/holds.ts';
import { RangeText } from './dialled.tsx';
import { Panel, Time } from './pieces.tsx';
import { SignInLink } from './sign-in-view.tsx';

const CHOICES = {
  allow: ['Allow', 'It is never listed, whatever comes from it.'],
  delist: ['Delist', 'It is taken off all lists, and only what comes from now on counts.'],
  block: ['Block', 'It is listed, whatever the evidence says.'],
} as const;
type Choice = keyof typeof CHOICES;

const DAY_MS = 86_400_000;
/** Durations in days. */
const DURATIONS = [
  [1, 'for a day'],
  [7, 'for 7 days'],
  [30, 'for 30 days'],
  [0, 'always'],
] as const;

/** Whether a delisting is among the things that would change the level. */
export function mayDelist(explained: { readonly unlist: readonly string[] } | null): boolean {
  return explained?.unlist.some((body) => body.startsWith('{"delist"')) === true;
}

/** What the operator can decide about an address or a number, and has decided. */
export function Decide({
  value,
  entry,
  isListed,
}: {
  /** The value to allow or block. */
  readonly value: string;
  /** The entry to take off the lists. */
  readonly entry: string;
  /** Whether that would change anything. */
  readonly isListed: boolean;
}) {
  const [choice, setChoice] = useState<Choice>();
  const [outcome, setOutcome] = useState<Outcome>();
  const run = async (decision: DecisionBody, done: string): Promise<void> => {
    const answer = await decide(decision);
    setOutcome(answer.ok ? { done } : { why: answer.why });
    if (answer.ok) setChoice(undefined);
  };
  return (
    <Panel title="Your decision">
      <div class="decide">
        <Standing value={value} run={run} />
        {isAdmin.value ? (
          <>
            <div class="choices">
              {(['allow', 'delist', 'block'] as const).map((name) => (
                <button
                  key={name}
                  type="button"
                  disabled={name === 'delist' && !isListed}
                  aria-expanded={choice === name}
                  onClick={() => {
                    setOutcome(undefined);
                    setChoice(choice === name ? undefined : name);
                  }}
                >
                  {CHOICES[name][0]}
                </button>
              ))}
            </div>
            {choice !== undefined && (
              <Form key={choice} choice={choice} value={value} entry={entry} run={run} />
            )}
          </>
        ) : (
          <p class="muted">
            To allow, delist or block it, use a key of the role admin. <SignInLink />
          </p>
        )}
        <p class={outcome?.why === undefined ? '' : 'refused'} role="status">
          {outcome?.why ?? outcome?.done}
        </p>
      </div>
    </Panel>
  );
}

interface Outcome {
  readonly done?: string;
  /** Why it failed. */
  readonly why?: string;
}

type Run = (decision: DecisionBody, done: string) => Promise<void>;

function Form({
  choice,
  value,
  entry,
  run,
}: {
  readonly choice: Choice;
  readonly value: string;
  readonly entry: string;
  readonly run: Run;
}) {
  const comment = useRef<HTMLInputElement>(null);
  const duration = useRef<HTMLSelectElement>(null);
  const [word, meaning] = CHOICES[choice];
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const words = comment.current?.value.trim() ?? '';
    const days = Number(duration.current?.value ?? 0);
    const until = days > 0 ? { until: new Date(Date.now() + days * DAY_MS).toISOString() } : {};
    switch (choice) {
      case 'allow':
        return void run({ allow: value, comment: words, ...until }, `${value} is allowed.`);
      case 'block':
        return void run({ block: value, comment: words, ...until }, `${value} is blocked.`);
      case 'delist':
        return void run({ delist: entry, comment: words }, `${entry} is off all lists.`);
    }
  };
  return (
    <form class="form" onSubmit={submit}>
      <p>{meaning}</p>
      {choice !== 'delist' && (
        <>
          <label for="duration">How long</label>
          <select id="duration" ref={duration} defaultValue="30">
            {DURATIONS.map(([days, words]) => (
              <option key={days} value={days}>
                {words}
              </option>
            ))}
          </select>
        </>
      )}
      <label for="comment">Comment</label>
      <input
        id="comment"
        ref={comment}
        maxLength={COMMENT_CHARACTERS_MAX}
        autocomplete="off"
        placeholder="For whoever looks at it later"
      />
      <button type="submit">
        {word} {choice === 'delist' ? entry : value}
      </button>
    </form>
  );
}

/** Earlier decisions about an address or a number, and how to take them back. */
function Standing({ value, run }: { readonly value: string; readonly run: Run }) {
  return <Decisions fits={(named) => holds(named, value)} run={run} />;
}

/** All decisions of the operator. */
export function AllDecisions() {
  const [outcome, setOutcome] = useState('');
  const run: Run = async (decision, done) => {
    const answer = await decide(decision);
    setOutcome(answer.ok ? done : answer.why);
  };
  return (
    <Panel title="Your decisions" side={<span role="status">{outcome}</span>}>
      <Decisions fits={everything} run={run} empty="Nothing was allowed or blocked." />
    </Panel>
  );
}

function everything(): boolean {
  return true;
}

function Decisions({
  fits,
  run,
  empty,
}: {
  readonly fits: (named: string) => boolean;
  readonly run: Run;
  /** @default nothing is shown if there are none */
  readonly empty?: string;
}) {
  const turn = decided.value;
  const allowed = useAnswer<{ readonly items: readonly Allowance[] }>('/v1/allowlist', 0, turn);
  const blocked = useAnswer<{ readonly items: readonly Block[] }>('/v1/blocklist', 0, turn);
  const items = [
    ...(allowed?.ok === true ? allowed.value.items : []).map((one) => ({
      one,
      word: 'Allowed',
      takeBack: () => run({ disallow: one.value }, `${one.value} is not allowed any more.`),
    })),
    ...(blocked?.ok === true ? blocked.value.items : []).map((one) => ({
      one,
      word: 'Blocked',
      takeBack: () => run({ unblock: one.value }, `${one.value} is not blocked any more.`),
    })),
  ].filter(({ one }) => fits(one.value));
  if (items.length === 0) return empty === undefined ? null : <p class="empty">{empty}</p>;
  return (
    <ul class="decisions">
      {items.map((item) => (
        <Said key={`${item.word} ${item.one.value}`} {...item} />
      ))}
    </ul>
  );
}

/** One decision of the operator. */
function Said({
  word,
  one,
  takeBack,
}: {
  readonly word: string;
  readonly one: Allowance | Block;
  readonly takeBack: () => Promise<void>;
}) {
  return (
    <li>
      <strong>{word}</strong>{' '}
      <span class="value">
        {one.value.startsWith('+') ? <RangeText range={one.value} /> : one.value}
      </span>{' '}
      <span class="muted">
        {one.until === null ? (
          'always'
        ) : (
          <>
            until <Time at={one.until} />
          </>
        )}
      </span>{' '}
      <span class="comment">{one.comment}</span>
      {isAdmin.value && (
        <button
          type="button"
          aria-label={`Take back: ${word} ${one.value}`}
          onClick={() => void takeBack()}
        >
          Take back
        </button>
      )}
    </li>
  );
}
