// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Receivers of the daemon's output: a webhook's receiver, rsyslogd, fail2ban, Prometheus and clients of the stream. */

import { mkdirSync, existsSync, readFileSync, copyFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../../e2e/daemon-process.ts';
import { Background } from '../../interop/background.ts';
import type { SoakNode, NodePorts } from './node.ts';

const PACKAGING = join(import.meta.dirname, '../../../packaging/fail2ban');

/** Takes events, and remembers which and how often. */
export class Receiver implements AsyncDisposable {
  readonly uuids = new Map<string, number>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(port: number): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on('request', (request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => (text += part));
      request.on('end', () => {
        for (const { event_uuid: uuid } of JSON.parse(text) as { event_uuid: string }[]) {
          receiver.uuids.set(uuid, (receiver.uuids.get(uuid) ?? 0) + 1);
        }
        response.end();
      });
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** The real rsyslogd, which takes the daemon's datagrams into one file. */
export async function openRsyslogd(folder: string, port: number): Promise<Background> {
  const pidFile = join(folder, 'rsyslogd.pid');
  writeFileSync(
    join(folder, 'rsyslog.conf'),
    `global(workDirectory="${folder}" maxMessageSize="16k")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="${port}")
action(type="omfile" file="${join(folder, 'syslog')}")
`,
  );
  const rsyslogd = new Background(
    '/usr/sbin/rsyslogd',
    ['-n', '-f', 'rsyslog.conf', '-i', pidFile],
    folder,
  );
  await until('rsyslogd', () => existsSync(pidFile));
  return rsyslogd;
}

/** The real fail2ban with the filter and jail we ship; its ban is a line in a file. */
export async function openFail2ban(folder: string): Promise<Background> {
  const configuration = join(folder, 'fail2ban');
  for (const name of ['filter.d', 'action.d', 'jail.d']) {
    mkdirSync(join(configuration, name), { recursive: true });
  }
  copyFileSync('/etc/fail2ban/filter.d/common.conf', join(configuration, 'filter.d/common.conf'));
  copyFileSync('/etc/fail2ban/fail2ban.conf', join(configuration, 'fail2ban.conf'));
  copyFileSync(
    join(PACKAGING, 'filter.d/sentrypeer.conf'),
    join(configuration, 'filter.d/sentrypeer.conf'),
  );
  writeFileSync(
    join(configuration, 'action.d/note.conf'),
    `[Definition]\nactionban = echo <ip> >> ${join(folder, 'banned')}\nactionunban =\nactioncheck =\n`,
  );
  writeFileSync(join(folder, 'syslog'), '', { flag: 'a' });
  const jail = readFileSync(join(PACKAGING, 'jail.d/sentrypeer.conf'), 'utf8')
    .replace(/^logpath = .*$/m, `logpath = ${join(folder, 'syslog')}`)
    .replace(/^action = .*$/m, 'action = note\nbackend = polling');
  writeFileSync(join(configuration, 'jail.conf'), `[DEFAULT]\n${jail}`);
  const socket = join(folder, 'fail2ban.sock');
  const files = ['-s', socket, '-p', join(folder, 'fail2ban.pid')];
  const fail2ban = new Background(
    '/usr/bin/fail2ban-server',
    ['-f', '-c', configuration, ...files, '--logtarget', join(folder, 'fail2ban.log'), 'start'],
    folder,
  );
  await until('fail2ban', () => existsSync(socket));
  return fail2ban;
}

/** The real Prometheus, which asks for the metrics every five seconds. */
export function openPrometheus(folder: string, ports: NodePorts): Background {
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global:\n  scrape_interval: 5s\nscrape_configs:\n  - job_name: sentrypeer\n    static_configs:\n      - targets: ['127.0.0.1:${ports.api}']\n`,
  );
  const flags = ['--config.file=prometheus.yml', '--storage.tsdb.path=prometheus'];
  return new Background(
    '/usr/bin/prometheus',
    [...flags, '--web.listen-address=127.0.0.1:0'],
    folder,
  );
}

/** A client of the live stream of events that reconnects when the daemon restarts, until it is disposed of. */
export class StreamClient implements AsyncDisposable {
  eventsCount = 0;
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;

  /** @param readsMs Milliseconds that it pauses after each piece it reads. */
  constructor(node: SoakNode, port: number, readsMs: number) {
    this.#running = this.#follow(node, port, readsMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  async #follow(node: SoakNode, port: number, readsMs: number): Promise<void> {
    const { signal } = this.#ended;
    const pause = (ms: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
      });
    while (!signal.aborted) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/v1/events/stream`, { signal });
        for await (const part of response.body ?? []) {
          this.eventsCount += Buffer.from(part).toString('latin1').split('\nid:').length - 1;
          if (readsMs > 0) await pause(readsMs);
        }
      } catch {
        await pause(node.hasEnded ? 1000 : 500); // It is being restarted.
      }
    }
  }
}
