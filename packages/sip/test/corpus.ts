// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../../test/corpus/sip/', import.meta.url);

/** What a manifest says of one file; the fields are those that its `rules` explain. */
export interface CorpusEntry {
  readonly file: string;
  readonly transport?: string;
  readonly expect: Readonly<Record<string, unknown>>;
  readonly if_stream?: { readonly second_message: Readonly<Record<string, unknown>> };
  readonly expect_any_of?: Readonly<Record<string, readonly string[]>>;
  readonly octets: Uint8Array;
}

/** Every entry of a manifest with the octets of its file. */
export function readManifest(folder: 'torture' | 'samples'): readonly CorpusEntry[] {
  const manifest = JSON.parse(readCorpusText(`${folder}/MANIFEST.json`)) as {
    readonly count: number;
    readonly messages: readonly Omit<CorpusEntry, 'octets'>[];
  };
  return manifest.messages.map((entry) => {
    const octets = readFileSync(new URL(`${folder}/${entry.file}`, FOLDER));
    return Object.assign(entry, { octets: new Uint8Array(octets) });
  });
}

/** An input shaped after a public report, and what an event must say of it. */
export interface CorpusCase {
  readonly file: string;
  /** `udp`, `tcp`, or `stream, cut`: a stream that ends there. */
  readonly transports: readonly string[];
  readonly expected: {
    readonly recorded?: boolean;
    readonly answered?: boolean;
    readonly method?: string;
    readonly called?: string;
    /** Method, called number and User-Agent of each message in turn. */
    readonly rows?: readonly (readonly string[])[];
  };
  readonly octets: Uint8Array;
}

/** The cases of the folder `cases`. */
export function readCases(): readonly CorpusCase[] {
  const cases = JSON.parse(readCorpusText('cases/MANIFEST.json')) as Omit<CorpusCase, 'octets'>[];
  return cases.map((each) => {
    const octets = new Uint8Array(readFileSync(new URL(`cases/${each.file}`, FOLDER)));
    return Object.assign(each, { octets });
  });
}

/** A file of the SIP corpus as text. */
export function readCorpusText(path: string): string {
  return readFileSync(new URL(path, FOLDER), 'utf8');
}

/** All files of both manifests. */
export function readAllMessages(): readonly Uint8Array[] {
  return [...readManifest('torture'), ...readManifest('samples')].map(({ octets }) => octets);
}

/** Names of the files that hold cases of our own. */
export function listCorpusMarkdown(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .toSorted();
}
