// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { NOT_FOUND, type RecordedEvent } from '@sentrypeer/event';
import { isPublicAddress } from '@sentrypeer/ip';
import { canonicalForm } from './canonical-form.ts';
import { cleaned, isClean, isToken } from './characters.ts';
import { toText, type Signer } from './ed25519.ts';
import { METHOD_CHARACTERS_MAX, NUMBER_CHARACTERS_MAX, SHARED_OCTETS_MAX } from './limits.ts';

/** Characters of a timestamp up to its milliseconds. */
const TIMESTAMP_CHARACTERS = 23;

/** Whether the event is useful to others, and may be shared with them. */
export function isSharable(event: RecordedEvent): boolean {
  const { sipMethod, calledNumber } = event;
  return (
    sipMethod !== NOT_FOUND && // Not SIP at all.
    sipMethod.length <= METHOD_CHARACTERS_MAX &&
    isToken(sipMethod) &&
    calledNumber !== '' &&
    calledNumber.length <= NUMBER_CHARACTERS_MAX &&
    isClean(calledNumber) &&
    isPublicAddress(event.sourceIp)
  );
}

/**
 * The JSON of a value, at most {@link SHARED_OCTETS_MAX} octets: the thirteen members that SentryPeer 4.x nodes want,
 * then ours. `destination_ip` and `sip_message` are empty: they would tell attackers where the honeypot is. The
 * User-Agent is cut to the remaining room; `undefined` if there is too little even without it.
 */
export function encodeClaim(
  event: RecordedEvent,
  options: { readonly signer: Signer; readonly network: number; readonly appVersion: string },
): Uint8Array | undefined {
  const { signer, network, appVersion } = options;
  let userAgent = cleaned(event.userAgent);
  for (;;) {
    const texts = {
      eventTimestamp: event.eventTimestamp.slice(0, TIMESTAMP_CHARACTERS),
      eventUuid: event.eventUuid,
      nodeId: signer.nodeId,
      collectedMethod: event.collectedMethod,
      transportType: event.transportType,
      sourceIp: event.sourceIp,
      destinationIp: '',
      calledNumber: event.calledNumber,
      sipMethod: event.sipMethod,
      userAgent,
      grade: event.grade ?? '',
      sipMessage: '',
    };
    const object = {
      app_name: 'sentrypeer',
      app_version: appVersion,
      event_timestamp: texts.eventTimestamp,
      event_uuid: texts.eventUuid,
      created_by_node_id: texts.nodeId,
      collected_method: texts.collectedMethod,
      transport_type: texts.transportType,
      source_ip: texts.sourceIp,
      destination_ip: texts.destinationIp,
      called_number: texts.calledNumber,
      sip_method: texts.sipMethod,
      sip_user_agent: texts.userAgent,
      sip_message: texts.sipMessage,
      grade: texts.grade,
      sig: NO_SIGNATURE,
    };
    const excess = new TextEncoder().encode(JSON.stringify(object)).length - SHARED_OCTETS_MAX;
    if (excess <= 0) {
      const sig = toText(signer.sign(canonicalForm(network, texts)));
      return new TextEncoder().encode(JSON.stringify({ ...object, sig }));
    }
    if (userAgent === '') return undefined;
    userAgent = withoutHalf(userAgent.slice(0, -Math.ceil(excess / UNIT_OCTETS_MAX)));
  }
}

/** Octets that a UTF-16 code unit takes at most, as JSON in UTF-8: what takes more is replaced before. */
const UNIT_OCTETS_MAX = 3;

/** As long as a signature. */
const NO_SIGNATURE = '_'.repeat(86);

/** The text without half of a surrogate pair at its end. */
function withoutHalf(text: string): string {
  return text.isWellFormed() ? text : text.slice(0, -1);
}
