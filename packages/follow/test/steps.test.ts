// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatingError } from '@sentrypeer/kernel';
import { Steps } from '@sentrypeer/follow';

/** Answers each call with the next of these, and then with nothing more to do. */
class Work {
  readonly called: PromiseWithResolvers<void>[];
  readonly failures: OperatingError[] = [];
  count = 0;
  readonly steps: Steps;

  constructor(answers: readonly (number | OperatingError | (() => void))[]) {
    this.called = Array.from({ length: answers.length + 1 }, () => Promise.withResolvers<void>());
    this.steps = new Steps({
      step: async () => {
        const answer = answers[this.count];
        this.count += 1;
        this.called[this.count - 1]?.resolve();
        if (answer instanceof OperatingError) throw answer;
        if (typeof answer === 'function') answer();
        return typeof answer === 'number' ? answer : undefined;
      },
      wakeMs: 1,
      onFailed: (error) => this.failures.push(error),
    });
  }
}

test('Steps step at once, and again while there is more', async () => {
  const work = new Work([0, 1]);
  await using _ = work.steps;
  await work.called[2]?.promise;
  assert.equal(work.count, 3);
});

test('Steps go on when woken after a failure', async () => {
  const work = new Work([new OperatingError('database_locked', 'not now')]);
  await using _ = work.steps;
  await work.called[0]?.promise;
  await new Promise(setImmediate);
  assert.deepEqual(
    work.failures.map(({ code }) => code),
    ['database_locked'],
  );
  work.steps.wake();
  await work.called[1]?.promise;
});

test('Steps that are woken during a step take another one', async () => {
  const work: Work = new Work([() => work.steps.wake()]);
  await using _ = work.steps;
  await work.called[1]?.promise;
});

test('Steps end, and what woke them late does nothing', async () => {
  const work = new Work([]);
  await work.called[0]?.promise;
  await work.steps.close();
  await work.steps.close();
  work.steps.wake();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(work.count, 1);
});
