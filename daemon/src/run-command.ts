// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { systemClock, unreachable, type Logger } from '@sentrypeer/kernel';
import type { ApiKeys } from '@sentrypeer/store';
import type { Command, PeersCommand, WebhookCommand } from './config/commands.ts';
import type { Config } from './config/config.ts';

/** Does what a command says, also while a daemon uses the database. @returns What to print. */
export async function runCommand(
  command: Command,
  config: Config,
  logger: Logger,
): Promise<string> {
  const { dbFile } = config;
  const store = await import('@sentrypeer/store');
  const ports = { clock: systemClock, logger };
  if (isWebhookCommand(command)) {
    using endpoints = store.Endpoints.open(ports, dbFile);
    const { runWebhookCommand } = await import('./webhook-command.ts');
    return runWebhookCommand(command, endpoints);
  }
  if (isPeersCommand(command)) {
    using peers = store.Peers.open(ports, dbFile);
    const { runPeersCommand } = await import('./peers-command.ts');
    return runPeersCommand(command, peers);
  }
  switch (command.name) {
    case 'backup':
      await store.backupDatabase(dbFile, command.target);
      return `The database ${dbFile} was copied to ${command.target}.\n`;
    case 'keys add': {
      using keys = store.ApiKeys.open(ports, dbFile);
      const key = keys.add(command.key, command.role);
      return `${key}\nThis is the key ${command.key} (${command.role}). It is shown this once; only its hash is kept.\n`;
    }
    case 'keys list': {
      using keys = store.ApiKeys.open(ports, dbFile);
      return formatKeys(keys);
    }
    case 'keys revoke': {
      using keys = store.ApiKeys.open(ports, dbFile);
      keys.revoke(command.key);
      return `The key ${command.key} is revoked.\n`;
    }
    case 'allow add':
    case 'allow list':
    case 'allow remove':
    case 'delist':
    case 'explain': {
      const { runDecision } = await import('./run-decision.ts');
      return runDecision(command, config, ports);
    }
    default:
      return unreachable(command);
  }
}

function isWebhookCommand(command: Command): command is WebhookCommand {
  return command.name.startsWith('webhook ');
}

function isPeersCommand(command: Command): command is PeersCommand {
  return command.name.startsWith('peers ');
}

function formatKeys(keys: ApiKeys): string {
  const list = keys.list();
  if (list.length === 0) return 'There are no keys; keys add NAME ROLE makes one.\n';
  const width = Math.max(...list.map(({ name }) => name.length));
  return list
    .map(({ name, role, createdEpochUs }) => {
      const made = new Date(createdEpochUs / 1000).toISOString().slice(0, 19);
      return `${name.padEnd(width)}  ${role.padEnd(5)}  ${made}Z\n`;
    })
    .join('');
}
