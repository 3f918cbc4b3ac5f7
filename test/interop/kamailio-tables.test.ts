// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Kamailio loads the lists of numbers as its page says, and again after they changed. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { DaemonProcess, until } from '../e2e/daemon-process.ts';
import { adminKey, post } from '../e2e/delivered.ts';
import { Background } from './background.ts';
import { documented } from './documented.ts';
import { findPeer, peer } from './peer.ts';
import { freePort } from './tool.ts';

const RANGE = '+46850780xx';
const NUMBERS_COUNT = 200;
const FIRST = 442_071_230_000;
/** Blocked until a time that Kamailio's columns cannot hold. */
const LATE = '12126834123';

/** One of the page's three lists: its route, the file it becomes, what reloads it, and how one number is asked for. */
interface Table {
  readonly ending: string;
  readonly file: string;
  readonly version: string;
  readonly reload: readonly string[];
  readonly holdsRanges: boolean;
  /** A condition of Kamailio's script that is true if `$var(e164)` is refused. */
  readonly condition: string;
}

const TABLES: readonly Table[] = [
  {
    ending: 'mtree',
    file: 'numbers',
    version: 'numbers:1',
    reload: ['mtree.reload', 'sentrypeer'],
    holdsRanges: true,
    condition: 'mt_match("sentrypeer", "$var(e164)", "0")',
  },
  {
    ending: 'htable',
    file: 'hashed',
    version: 'hashed:2',
    reload: ['htable.reload', 'sentrypeer'],
    holdsRanges: false,
    condition: '$sht(sentrypeer=>$var(e164)) != $null',
  },
  {
    ending: 'userblocklist',
    file: 'globalblocklist',
    version: 'globalblocklist:1',
    reload: ['userblocklist.reload_blocklist'],
    holdsRanges: true,
    condition: '!check_blocklist("globalblocklist")',
  },
];

/** Kamailio with a list, which can be asked about numbers and given another list. */
class Loaded implements AsyncDisposable {
  readonly #kamailio: Background;
  readonly #tables: string;
  readonly #socket: string;
  readonly #table: Table;

  private constructor(kamailio: Background, folder: string, table: Table) {
    this.#kamailio = kamailio;
    this.#tables = join(folder, 'tables');
    this.#socket = `unix:${join(folder, 'ctl')}`;
    this.#table = table;
  }

  static async open(
    program: string,
    folder: string,
    table: Table,
    list: string,
    numbers: readonly string[],
  ): Promise<Loaded> {
    const tables = join(folder, 'tables');
    await mkdir(tables, { recursive: true });
    const versions = `table_name(string) table_version(int)\n${table.version}\nuserblocklist:1\n`;
    await writeFile(join(tables, 'version'), versions);
    await writeFile(join(tables, 'userblocklist'), `${USER_COLUMNS}\n`);
    await writeFile(join(tables, table.file), list);
    const [module] = globSync('/usr/lib/*/kamailio/modules/mtree.so');
    assert.ok(module !== undefined, 'the package has its modules');
    const asked = numbers.map(
      (number) => `
    $var(e164) = "${number}";
    $rU = "${number}";
    if (${table.condition}) xlog("L_ERR", "${number} is refused\\n");
    else xlog("L_ERR", "${number} passes\\n");`,
    );
    const file = join(folder, `${table.ending}.cfg`);
    await writeFile(
      file,
      `#!KAMAILIO
log_stderror=yes
children=1
disable_tcp=yes
listen=udp:127.0.0.1:${await freePort()}
mpath="${dirname(module)}/"
loadmodule "ctl.so"
loadmodule "kex.so"
loadmodule "rtimer.so"
modparam("ctl", "binrpc", "unix:${join(folder, 'ctl')}")
modparam("rtimer", "timer", "name=asks;interval=1;mode=1;")
modparam("rtimer", "exec", "timer=asks;route=ASKS")
${documented('kamailio.md', `kamailio ${table.ending}`, { '/etc/kamailio/sentrypeer': tables })}
request_route { exit; }
route[ASKS] {${asked.join('')}
    xlog("L_ERR", "all were asked\\n");
}
`,
    );
    const args = ['-f', file, '-DD', '-E', '-w', folder, '-Y', folder];
    const kamailio = new Background(program, args, folder);
    const loaded = new Loaded(kamailio, folder, table);
    try {
      await kamailio.printed('all were asked');
    } catch (error) {
      await loaded[Symbol.asyncDispose]();
      throw error;
    }
    return loaded;
  }

  /** What it says now about each number. */
  async says(): Promise<string> {
    const { length } = this.#kamailio.output;
    // The first part may have begun before the last change.
    const parts = (): readonly string[] =>
      this.#kamailio.output.slice(length).split('all were asked');
    await until('the numbers to be asked', () => parts().length > 2);
    return (parts()[1] ?? '').replaceAll(/^.*<script>: /gm, '');
  }

  /** As the page says: the file is replaced, then Kamailio is told. */
  async load(list: string): Promise<void> {
    const file = join(this.#tables, this.#table.file);
    await writeFile(`${file}.new`, list);
    await rename(`${file}.new`, file);
    const kamcmd = findPeer('kamcmd') ?? '';
    execFileSync(kamcmd, ['-s', this.#socket, ...this.#table.reload], { stdio: 'pipe' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kamailio[Symbol.asyncDispose]();
  }
}

const USER_COLUMNS = 'id(int,auto) username(string) domain(string) prefix(string) allowlist(int)';

async function loadsAndReloads(t: TestContext, table: Table): Promise<void> {
  const kamailio = peer('kamailio', t);
  if (kamailio === undefined || peer('kamcmd', t) === undefined) return;
  await using daemon = await DaemonProcess.start(['--threads=1']);
  const key = await adminKey(daemon);
  const decide = async (decision: object): Promise<void> =>
    assert.equal(await post(daemon, '/v1/decisions', key, decision), 204);
  const list = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${daemon.ports.api}/v1/lists/numbers.${table.ending}`)).text();
  const rows = async (): Promise<number> => (await list()).trimEnd().split('\n').length - 2;
  const numbers = Array.from({ length: NUMBERS_COUNT }, (_, index) => `${FIRST + index}`);
  await Promise.all(numbers.map((number) => decide({ block: `+${number}` })));
  await decide({ block: RANGE });
  await decide({ block: `+${LATE}`, until: '2150-01-01T00:00:00Z' });
  const all = NUMBERS_COUNT + (table.holdsRanges ? 2 : 1);
  await until('all to be listed', async () => (await rows()) === all);

  const inRange = '4685078012';
  const clean = '46701740605';
  const last = `${FIRST + NUMBERS_COUNT - 1}`;
  const asked = [numbers[0] ?? '', last, inRange, LATE, clean];
  await using loaded = await Loaded.open(kamailio, daemon.folder, table, await list(), asked);
  const answers = (refused: readonly string[]): string =>
    asked.map((one) => `${one} ${refused.includes(one) ? 'is refused' : 'passes'}\n`).join('');
  const ranges = table.holdsRanges ? [inRange] : [];
  assert.match(await loaded.says(), new RegExp(answers([numbers[0] ?? '', last, LATE, ...ranges])));

  await decide({ unblock: `+${numbers[0]}` });
  await until('one to be gone', async () => (await rows()) === all - 1);
  await loaded.load(await list());
  assert.match(await loaded.says(), new RegExp(answers([last, LATE, ...ranges])));

  await Promise.all([...numbers.slice(1), LATE].map((number) => decide({ unblock: `+${number}` })));
  await decide({ unblock: RANGE });
  await until('all to be gone', async () => (await rows()) === 0);
  await loaded.load(await list());
  assert.match(await loaded.says(), new RegExp(answers([])));
}

for (const table of TABLES) {
  test(`kamailio loads /v1/lists/numbers.${table.ending}, and again what is left of it, until nothing is`, (t) =>
    loadsAndReloads(t, table));
}
