// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** By error code of the system. */
const ADVICE: ReadonlyMap<string | undefined, string> = new Map([
  [
    'EMFILE',
    'This process has as many files and sockets open as it may: raise the limit (ulimit -n, LimitNOFILE= of systemd).',
  ],
  [
    'ENFILE',
    'This machine has as many files and sockets open as it may: raise its limit (sysctl fs.file-max).',
  ],
]);

/** What to do if something failed because too many files are open; `undefined` for other error codes. */
export function filesAdvice(code: string | undefined): string | undefined {
  return ADVICE.get(code);
}
