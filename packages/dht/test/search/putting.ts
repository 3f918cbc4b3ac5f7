// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Puts on a search whose nodes answer when a test says so. */

import { PutOperation } from '../../src/node/operations.ts';
import { Field } from '../../src/wire/message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { textValue } from '../engines.ts';
import { KEY, searched } from './searched.ts';

/** When all of them were made, in Unix seconds. */
export const CREATED = 1_699_999_999;

interface Given {
  readonly id?: bigint;
  readonly permanent?: boolean;
  readonly sequence?: number;
}

/** A synced search of so many nodes. */
export function putting(count: number) {
  const all = searched(count);
  all.sync();
  /** A put, and what it was settled with. */
  const put = (given: Given = {}) => {
    const { id = 1n, permanent = false, sequence = 0 } = given;
    const value = { ...textValue(id, 'x'), sequence };
    const settled: boolean[] = [];
    const content = { key: KEY, value, packed: encodeValue(value), permanent, created: CREATED };
    const operation = new PutOperation(content, [4], (ok) => settled.push(ok));
    all.search.addPut(operation);
    all.step();
    return { operation, settled, packed: content.packed };
  };
  /** Each of these nodes confirms the oldest request. */
  const confirm = (numbers: readonly number[], valueId = 1n): void => {
    for (const number of numbers) all.answer(number, { valueId });
  };
  /** The node lists the value in this version. */
  const found = (number: number, id = 1n, sequence = 0n): void => {
    const fields = { fields: [Field.id, Field.sequence], rows: [[id, sequence]] };
    all.answer(number, { fields });
  };
  return { ...all, put, confirm, found };
}
