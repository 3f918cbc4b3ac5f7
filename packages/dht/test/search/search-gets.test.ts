// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What a get asks of each node, and what it reports (PROTOCOL 13.4). */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { ASK_TICK_MS, FETCH_COPIES_MAX, FETCHES_PER_NODE_MAX, RETRY_MS } from '../../src/limits.ts';
import { GetOperation } from '../../src/node/operations.ts';
import { identityOf, signValue } from '../../src/values/signature.ts';
import { Field, type Condition, type FieldValue } from '../../src/wire/message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { textOf, textValue } from '../engines.ts';
import { KEY, range, searched } from './searched.ts';

/** A synced search of so many nodes, and a get on it. */
function made(count: number, where: readonly Condition[] = []) {
  const all = searched(count);
  const told: string[] = [];
  all.sync();
  const operation = new GetOperation(KEY, where, [4], {
    onValue: (value) => told.push(`${value.id} ${textOf(value)}`),
    onDone: () => told.push('done'),
  });
  all.search.addGet(operation);
  all.step();
  /** The node lists these ids. */
  const list = (number: number, ...ids: readonly FieldValue[]): void => {
    all.answer(number, { fields: { fields: [Field.id], rows: ids.map((id) => [id]) } });
  };
  /** The node hands over the value that was asked for first. */
  const give = (number: number, text: string): void => {
    const id = wanted(all.asked.find((each) => each.number === number)?.args.filter?.where);
    all.answer(number, { values: [encodeValue(textValue(id, text))] });
  };
  /** The ids of the values that are asked for now. */
  const fetched = (): readonly bigint[] =>
    all.asked
      .filter(({ args }) => args.filter?.select.length === 0)
      .map(({ args }) => wanted(args.filter?.where));
  return { ...all, told, operation, list, give, fetched };
}

function wanted(where: readonly Condition[] | undefined): bigint {
  const [condition] = where ?? [];
  return condition?.field === Field.id ? condition.id : 0n;
}

test('each node is asked for the ids of what matches, and then for one value after another', () => {
  const where = [{ field: Field.userType, userType: 'text/plain' }] as const;
  const { asked, list, give, told, open, fetched } = made(1, where);
  assert.deepEqual(asked[0]?.args, { key: KEY, filter: { select: [Field.id], where } });
  list(1, 5n, 6n);
  assert.deepEqual(fetched(), [6n, 5n]);
  assert.deepEqual(open(), ['1 get', '1 get']);
  assert.deepEqual(asked[0]?.args, {
    key: KEY,
    filter: { select: [], where: [{ field: Field.id, id: 6n }] },
  });
  give(1, 'six');
  assert.deepEqual(told, ['6 six']);
  give(1, 'five');
  assert.deepEqual(told, ['6 six', '5 five', 'done']);
  assert.deepEqual(open(), []);
});

test('a get ends when all leading nodes have answered, and not before', () => {
  const { list, told, search, core } = made(3);
  list(2);
  list(1);
  assert.deepEqual(told, []);
  list(3);
  assert.deepEqual(told, ['done']);
  assert.ok(search.isIdle);
  assert.equal(core.timers.nextAtMs, undefined);
});

test('each of several gets asks every node', () => {
  const { search, step, list, answer, told, sent } = made(1);
  sent();
  let isDone = false;
  search.addGet(
    new GetOperation(KEY, [], [4], { onValue: () => undefined, onDone: () => (isDone = true) }),
  );
  step();
  assert.deepEqual(sent(), [], 'one is under way');
  list(1);
  assert.deepEqual([told, isDone], [['done'], false]);
  assert.deepEqual(sent(), ['1 get']);
  answer(1);
  assert.ok(isDone);
});

test('ids that are 0, no ids, or in another column are not asked for', () => {
  const { answer, told, sent } = made(2);
  sent();
  answer(1, { fields: { fields: [Field.sequence, Field.id], rows: [[7n, 0n]] } });
  answer(2, { fields: { fields: [Field.sequence], rows: [[7n]] } });
  assert.deepEqual(sent(), []);
  assert.deepEqual(told, ['done']);
});

test('the ids are read from their column', () => {
  const { answer, fetched } = made(1);
  answer(1, {
    fields: {
      fields: [Field.sequence, Field.id],
      rows: [
        [7n, 9n],
        [8n, 10n],
      ],
    },
  });
  assert.deepEqual(fetched(), [10n, 9n]);
});

test('whole values in place of ids are reported if they match', () => {
  const where = [{ field: Field.type, type: 3 }] as const;
  const { answer, told } = made(1, where);
  const values = [
    { ...textValue(1n, 'of another type'), type: 0 },
    { ...textValue(0n, 'without an id'), type: 3 },
    { ...textValue(2n, 'right'), type: 3 },
  ];
  answer(1, { values: values.map(encodeValue) });
  assert.deepEqual(told, ['2 right', 'done']);
});

test('a value whose signature is wrong is counted and not reported', () => {
  const identity = identityOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
  assert.ok(identity !== undefined);
  const signed = signValue(identity, 1n, textValue(1n, 'signed'), 0);
  const { answer, told, core } = made(2);
  answer(1, { values: [encodeValue({ ...signed, data: textValue(1n, 'forged').data })] });
  assert.equal(core.counters.signaturesRefused, 1);
  answer(2, { values: [encodeValue(signed)] });
  assert.equal(core.counters.signaturesRefused, 1);
  assert.deepEqual(told, ['1 signed', 'done']);
});

test('so many values are asked for at a time, and so many in a tick', () => {
  const count = FETCHES_PER_NODE_MAX + 4;
  const { list, give, open, pass, told } = made(1);
  list(1, ...range(1, count).map(BigInt));
  // The list of ids was the first request in this tick, but it was not counted.
  assert.equal(open().length, FETCHES_PER_NODE_MAX);
  give(1, 'x');
  assert.equal(open().length, FETCHES_PER_NODE_MAX - 1, 'the tick is used up');
  pass(ASK_TICK_MS - 1);
  assert.equal(open().length, FETCHES_PER_NODE_MAX - 1);
  pass(1);
  assert.equal(open().length, FETCHES_PER_NODE_MAX);
  give(1, 'x');
  assert.equal(open().length, FETCHES_PER_NODE_MAX, 'one more');
  while (open().length > 0) {
    give(1, 'x');
    pass(ASK_TICK_MS);
  }
  assert.equal(told.length, count + 1);
  assert.equal(told.at(-1), 'done');
});

test('no answer to a value brings the next one', () => {
  const { list, refuse, give, told, fetched } = made(1);
  list(1, 1n, 2n);
  refuse(1, 404);
  assert.deepEqual(fetched(), [1n]);
  give(1, 'x');
  assert.deepEqual(told, ['1 x', 'done']);
});

test('what a node that has expired listed is left', () => {
  const { list, expire, told, fetched, sent, pass } = made(2);
  list(1, ...range(1, FETCHES_PER_NODE_MAX + 3).map(BigInt));
  sent();
  expire(1);
  pass(ASK_TICK_MS);
  assert.deepEqual(fetched(), []);
  assert.deepEqual(sent(), []);
  list(2);
  assert.deepEqual(told, ['done']);
});

test('three copies of an id are asked for, and no more', () => {
  const { list, fetched, give, told } = made(FETCH_COPIES_MAX + 1);
  for (const number of range(1, FETCH_COPIES_MAX + 1)) list(number, 7n);
  assert.deepEqual(
    fetched(),
    range(1, FETCH_COPIES_MAX).map(() => 7n),
  );
  assert.deepEqual(told, []);
  give(1, 'x');
  give(2, 'x');
  give(3, 'y');
  assert.deepEqual(told, ['7 x', '7 y', 'done']);
});

test('a node that leaves a request for a value unanswered is not waited for', () => {
  const { list, stale, told, search } = made(2);
  list(1, 7n);
  list(2);
  assert.deepEqual(told, []);
  stale(1);
  assert.deepEqual(told, ['done']);
  assert.ok(search.nodes[0]?.candidate);
});

test('a node that refuses to list ids is done, and not asked for them again', () => {
  const { refuse, list, pass, told, sent } = made(2);
  list(2);
  sent();
  refuse(1, 404);
  assert.deepEqual(told, ['done']);
  pass(2 * RETRY_MS);
  assert.deepEqual(sent(), []);
});
