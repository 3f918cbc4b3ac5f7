// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export type { Anomaly, AnomalyCode, FramingCode, NoteAnomaly, RefusalCode } from './anomaly.ts';
export type { Called } from './called.ts';
export { splitCommaList } from './comma-list.ts';
export { parseDigestParams, type Credentials } from './credentials.ts';
export { parseCSeq, type CSeq } from './cseq.ts';
export {
  computeDigestResponse,
  formatChallenge,
  verifyDigest,
  type Challenge,
  type ChallengeForm,
  type DigestInput,
  type DigestRule,
} from './digest.ts';
export type { HeaderField } from './head.ts';
export { parseMessage, type SipMessage } from './message.ts';
export { parseNameAddr, type NameAddr } from './name-addr.ts';
export { parameterValue } from './parameters.ts';
export { reasonPhrase } from './reason-phrase.ts';
export {
  formatContentLength,
  formatRepeatedText,
  formatResponse,
  USUAL_SHAPE,
  type RepeatedHeader,
  type ResponseOptions,
  type ResponseShape,
  type ResponseSource,
  type ViaForm,
} from './response.ts';
export { parseSipUri, type SipUri } from './sip-uri.ts';
export { decodeSipviciousTag, parseSipviciousTag, type SipviciousTag } from './sipvicious-tag.ts';
export { splitMessages } from './split-messages.ts';
export { StreamFramer, type Frame } from './stream-framer.ts';
export { decodeUserPart, digitsOf, looksLikeNumber } from './user-part.ts';
export { parseVia, type Via } from './via.ts';
