// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createPrivateKey, randomUUID, X509Certificate, type KeyObject } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { latin1Text } from '@sentrypeer/bytes';
import { fileTrouble, readSmallFile, syncDirectory } from '@sentrypeer/bytes/file';
import { errorCode, OperatingError } from '@sentrypeer/kernel';
import { PEM_FILE_OCTETS_MAX } from './limits.ts';
import type { KeyAndCertificate } from './self-signed.ts';

export interface CertificatePaths {
  readonly certPath: string;
  readonly keyPath: string;
}

export interface Certificate extends KeyAndCertificate {
  /** It was made now because there was none. */
  readonly made: boolean;
}

/**
 * Reads the server's certificate and key, both PEM; makes them if both files are missing. Throws `OperatingError` if
 * only one is there, or if they are not a certificate and its key.
 */
export async function ensureCertificate(paths: CertificatePaths): Promise<Certificate> {
  const pair = readCertificate(paths);
  return pair === undefined ? makeCertificate(paths) : { ...pair, made: false };
}

/** Reads both files as {@link ensureCertificate} does; `undefined` if both are missing. */
export function readCertificate(paths: CertificatePaths): KeyAndCertificate | undefined {
  const { certPath, keyPath } = paths;
  const [cert, key] = [readText(certPath), readText(keyPath)];
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    const [there, missing] = cert === undefined ? [keyPath, certPath] : [certPath, keyPath];
    throw new OperatingError(
      'certificate_incomplete',
      `${missing} is missing, but ${there} exists. Provide both files, or move ${there} away and ` +
        'a new certificate is made.',
    );
  }
  checkPair(cert, key, paths);
  return { cert, key };
}

function readText(path: string): string | undefined {
  try {
    return latin1Text(readSmallFile(path, PEM_FILE_OCTETS_MAX));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new OperatingError(
      'certificate_unreadable',
      `${path} cannot be read (${fileTrouble(error)}). The file must be readable by the user that runs this program.`,
      { cause: error },
    );
  }
}

function checkPair(cert: string, key: string, { certPath, keyPath }: CertificatePaths): void {
  const certificate = parsePem(certPath, 'a certificate', () => new X509Certificate(cert));
  const privateKey: KeyObject = parsePem(keyPath, 'a private key without a passphrase', () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey))
    throw new OperatingError(
      'certificate_mismatch',
      `The key in ${keyPath} does not belong to the certificate in ${certPath}. ` +
        'Provide the key that the certificate was made with.',
    );
}

function parsePem<T>(path: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new OperatingError(
      'certificate_invalid',
      `${path} does not hold ${what} in PEM form (text that begins with -----BEGIN): ${String(error)}`,
      { cause: error },
    );
  }
}

async function makeCertificate({ certPath, keyPath }: CertificatePaths): Promise<Certificate> {
  // Loaded only when a certificate is made: once in a node's life.
  const { makeSelfSigned } = await import('./self-signed.ts');
  const { cert, key } = makeSelfSigned();
  // Both are written to temporary files first, so that no reader and no power failure leaves half a file.
  const suffix = `.${randomUUID()}.tmp`;
  try {
    await writeDurably(keyPath + suffix, key, 0o600);
    await writeDurably(certPath + suffix, cert, 0o644);
    await rename(keyPath + suffix, keyPath);
    await rename(certPath + suffix, certPath);
    for (const directory of new Set([keyPath, certPath].map(dirname))) syncDirectory(directory);
  } catch (error) {
    await Promise.all([keyPath, certPath].map((path) => rm(path + suffix, { force: true })));
    throw new OperatingError(
      'certificate_unwritable',
      `No certificate could be made as ${certPath} with its key ${keyPath}: ${String(error)}. ` +
        'The directories must exist and be writable.',
      { cause: error },
    );
  }
  return { cert, key, made: true };
}

async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
