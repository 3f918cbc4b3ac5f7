// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  createHash,
  generateKeyPairSync,
  randomBytes,
  randomInt,
  sign,
  type KeyObject,
} from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as x509 from '@peculiar/asn1-x509';
import { systemClock } from '@sentrypeer/kernel';

/** PEM text. */
export interface KeyAndCertificate {
  readonly cert: string;
  readonly key: string;
}

/** ecdsa-with-SHA256, RFC 5758 §3.2. */
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
/** id-at-commonName, RFC 5280 §A.1. */
const COMMON_NAME = '2.5.4.3';

const DAY_MS = 86_400_000;
/** The certificate is up to this old when it is made, so that it does not tell the day of the installation. */
const AGE_DAYS_MAX = 400;
/** Values that administrators type after `-days`. */
const LIFE_DAYS = [1825, 3650, 7300];
/** RFC 5280 §4.1.2.2: at most 20 octets; `openssl req -x509` makes as many. */
const SERIAL_OCTETS = 20;

/** Host names that people give to telephone systems; the node's own name must not be revealed. */
const HOSTS = ['pbx', 'sip', 'voip', 'phone', 'tel', 'voice', 'ipbx', 'asterisk', 'sbc', 'gw'];
const DOMAINS = ['', '.local', '.lan', '.localdomain', '.internal', '.home', '.office'];

/**
 * A certificate such as an administrator makes with `openssl req -x509` for a telephone system: a new
 * P-256 key, a host's name, version 3 with that command's three extensions. Nothing in it is the same on
 * two nodes or names this program. P-256, because a small device makes the key within milliseconds.
 */
export function makeSelfSigned(): KeyAndCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = AsnConvert.parse(spkiOf(publicKey), x509.SubjectPublicKeyInfo);
  const keyId = createHash('sha1').update(new Uint8Array(spki.subjectPublicKey)).digest();
  const algorithm = new x509.AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const name = new x509.Name([
    new x509.RelativeDistinguishedName([
      new x509.AttributeTypeAndValue({
        type: COMMON_NAME,
        value: new x509.AttributeValue({ utf8String: hostName() }),
      }),
    ]),
  ]);
  const extension = (extnID: string, critical: boolean, value: unknown) =>
    new x509.Extension({
      extnID,
      critical,
      extnValue: new OctetString(AsnConvert.serialize(value)),
    });
  const tbsCertificate = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: name,
    validity: new x509.Validity(validity()),
    subject: name,
    subjectPublicKeyInfo: spki,
    extensions: new x509.Extensions([
      extension(x509.id_ce_subjectKeyIdentifier, false, new x509.SubjectKeyIdentifier(keyId)),
      extension(
        x509.id_ce_authorityKeyIdentifier,
        false,
        new x509.AuthorityKeyIdentifier({ keyIdentifier: new x509.KeyIdentifier(keyId) }),
      ),
      extension(x509.id_ce_basicConstraints, true, new x509.BasicConstraints({ cA: true })),
    ]),
  });
  const signed = new Uint8Array(AsnConvert.serialize(tbsCertificate));
  const certificate = new x509.Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: exactly(sign('sha256', signed, privateKey)),
  });
  return {
    cert: pem('CERTIFICATE', new Uint8Array(AsnConvert.serialize(certificate))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}

function spkiOf(publicKey: KeyObject): Uint8Array {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function hostName(): string {
  const number = randomInt(3) === 0 ? '' : String(randomInt(1, 10)).padStart(randomInt(1, 3), '0');
  return `${pick(HOSTS)}${number}${pick(DOMAINS)}`;
}

function serialNumber(): ArrayBuffer {
  const octets = randomBytes(SERIAL_OCTETS);
  // Positive, and of full length: the first octet is 0x40 to 0x7f.
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return exactly(octets);
}

function validity(): { readonly notBefore: Date; readonly notAfter: Date } {
  const secondMs = 1000;
  const nowMs = Math.floor(systemClock.epochUs() / 1_000_000) * secondMs;
  const notBeforeMs = nowMs - randomInt(AGE_DAYS_MAX * 86_400) * secondMs;
  const lifeMs = pick(LIFE_DAYS) * DAY_MS;
  return { notBefore: new Date(notBeforeMs), notAfter: new Date(notBeforeMs + lifeMs) };
}

function pick<T>(choices: readonly T[]): T {
  const choice = choices[randomInt(choices.length)];
  if (choice === undefined) throw new RangeError('nothing to choose from');
  return choice;
}

/** The octets in a separate ArrayBuffer, as the library requires. */
function exactly(octets: Uint8Array): ArrayBuffer {
  const buffer = new ArrayBuffer(octets.length);
  new Uint8Array(buffer).set(octets);
  return buffer;
}

/** RFC 7468 §2: base64 in lines of 64 characters. */
function pem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64');
  const lines = [`-----BEGIN ${label}-----`];
  for (let index = 0; index < base64.length; index += 64)
    lines.push(base64.slice(index, index + 64));
  return [...lines, `-----END ${label}-----`, ''].join('\n');
}
