// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Stories from real life, played by event time to the real store and judge: who sent what, and what must follow. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY, HOUR, MINUTE } from './contacts.ts';
import { Stage } from './story.ts';
import { STORIES } from './table.ts';

for (const { name, contacts, expected, ...options } of STORIES) {
  test(name, () => {
    using stage = new Stage(options);
    const ordered = contacts.toSorted((a, b) => a.at - b.at);
    let played = 0;
    for (const { at, of, level } of expected.toSorted((a, b) => a.at - b.at)) {
      const until = ordered.findIndex((contact) => contact.at > at);
      const end = until < 0 ? ordered.length : until;
      stage.play(ordered.slice(played, end));
      played = end;
      stage.at(at);
      const asked = stage.asked(of);
      const what = 'address' in of ? of.address : of.number;
      const when = `${what} after ${(at / HOUR).toFixed(1)} h: ${asked.why}`;
      assert.equal(asked.level, level, when);
      if ('address' in of) assert.equal(stage.onLists(what), level, `feed: ${when}`);
    }
    assert.equal(played, ordered.length, 'the story ends with what is expected');
  });
}

test('a verdict ends at the second it named, for those who ask and for those who follow', () => {
  using stage = new Stage({});
  const from = '45.1.2.3';
  stage.play([{ at: MINUTE, from, proof: 'returned', method: 'INVITE', to: '00449012345678' }]);
  for (const whose of [{ address: from }, { number: '+449012345678' }]) {
    const until = stage.until(whose);
    assert.ok(until !== undefined && until > DAY, 'it lasts for more than a day');
    const value = 'address' in whose ? whose.address : '449012345678';
    stage.at(until - 1);
    assert.equal(stage.asked(whose).level, 'listed');
    assert.equal(stage.feed().get(value), 'listed');
    stage.at(until);
    assert.equal(stage.asked(whose).level, 'none');
    assert.equal(stage.feed().get(value), undefined);
  }
});

test('there are stories enough', () => {
  assert.ok(STORIES.length >= 25, `${STORIES.length}`);
});
