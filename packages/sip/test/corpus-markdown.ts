// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Reads the cases of test/corpus/sip/*.md; its README.md says how they are written. */

/** One case: a heading, octets, and what is expected of them. */
export interface MarkdownCase {
  readonly title: string;
  readonly kind: 'datagram' | 'stream';
  readonly octets: Uint8Array;
  readonly expect: Readonly<Record<string, unknown>>;
}

/** Every case of a file, in order. */
export function parseMarkdownCases(markdown: string): readonly MarkdownCase[] {
  return markdown
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const title = section.slice(0, section.indexOf('\n')).trim();
      const input = /^```(datagram|stream)\n([\s\S]*?)^```$/m.exec(section);
      const expected = /^```json\n([\s\S]*?)^```$/m.exec(section);
      if (input === null || expected === null) throw new Error(`${title}: a block is missing`);
      return {
        title,
        kind: input[1] === 'stream' ? 'stream' : 'datagram',
        octets: Buffer.from(unescapeBlock(input[2] ?? ''), 'latin1'),
        expect: JSON.parse(expected[1] ?? '') as Readonly<Record<string, unknown>>,
      };
    });
}

/** Lines end in CRLF, unless they end in `\n` (LF alone) or `\` (nothing); `\xNN` is one octet. */
function unescapeBlock(block: string): string {
  return Buffer.from(block, 'utf8')
    .toString('latin1')
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      if (line.endsWith('\\n')) return `${line.slice(0, -2)}\n`;
      return line.endsWith('\\') ? line.slice(0, -1) : `${line}\r\n`;
    })
    .join('')
    .replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
}
