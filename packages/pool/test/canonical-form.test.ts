// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuidOfHash } from '@sentrypeer/event';
import { canonicalForm } from '../src/canonical-form.ts';
import { sharedUuid } from '../src/disclosure.ts';

// Other nodes, of other versions as well, sign and verify these octets.

test('canonicalForm() writes a title, the network and each text on a line, the message last', () => {
  const texts = {
    eventTimestamp: '2027-01-15 08:00:00.000',
    eventUuid: '019a0000-0000-7000-8000-000000000001',
    nodeId: '66687aad-f862-8d77-ac8f-c18b8e9f8e20',
    collectedMethod: 'responsive',
    transportType: 'UDP',
    sourceIp: '45.12.3.4',
    destinationIp: '',
    calledNumber: '00442071234567',
    sipMethod: 'INVITE',
    userAgent: 'gr\u00f6\u00dfe',
    grade: 'returned',
    sipMessage: 'a\nb',
  } as const;
  assert.equal(
    new TextDecoder().decode(canonicalForm(4242, texts)),
    [
      'sentrypeer-event-1',
      '4242',
      '2027-01-15 08:00:00.000',
      '019a0000-0000-7000-8000-000000000001',
      '66687aad-f862-8d77-ac8f-c18b8e9f8e20',
      'responsive',
      'UDP',
      '45.12.3.4',
      '',
      '00442071234567',
      'INVITE',
      'gr\u00f6\u00dfe',
      'returned',
      'a',
      'b',
      '',
    ].join('\n'),
  );
});

test('sharedUuid() is made of the signature of a text that signs nothing else', () => {
  const signed: string[] = [];
  const signature = new Uint8Array(64).fill(9);
  const signer = {
    nodeId: '66687aad-f862-8d77-ac8f-c18b8e9f8e20',
    publicKey: new Uint8Array(32),
    sign: (octets: Uint8Array) => {
      signed.push(new TextDecoder().decode(octets));
      return signature;
    },
  };
  assert.equal(sharedUuid(signer, '019a-x'), uuidOfHash(signature));
  assert.deepEqual(signed, ['sentrypeer shared uuid\n019a-x']);
});
