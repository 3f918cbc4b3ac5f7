// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Comma-separated values, RFC 4180, and what spreadsheets and sqlite3 make of them. */

const DELIMITERS = [',', ';', '\t', '|'];

/** The delimiter of a line of names: the one that occurs most often in it. */
export function delimiterOf(names: string): string {
  const counts = DELIMITERS.map((delimiter) => names.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** Whether a quoted field goes on after this line. @param isOpen Whether it did before this line. */
export function isQuoteOpen(line: string, isOpen: boolean): boolean {
  let isOdd = isOpen;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) isOdd = !isOdd;
  return isOdd;
}

/** The fields of one record. */
export function csvFields(record: string, delimiter: string): readonly string[] {
  const fields: string[] = [];
  let at = 0;
  while (at <= record.length) {
    if (record.charAt(at) !== '"') {
      const next = record.indexOf(delimiter, at);
      const end = next < 0 ? record.length : next;
      fields.push(record.slice(at, end));
      at = end + 1;
      continue;
    }
    let text = '';
    let from = at + 1;
    let quote = record.indexOf('"', from);
    while (quote >= 0 && record.charAt(quote + 1) === '"') {
      text += record.slice(from, quote + 1);
      from = quote + 2;
      quote = record.indexOf('"', from);
    }
    const end = quote < 0 ? record.length : quote;
    fields.push(text + record.slice(from, end));
    at = end + 2; // After the quote and the delimiter.
  }
  return fields;
}
