// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock, Logger } from '@sentrypeer/kernel';
import { ensureCertificate } from '@sentrypeer/net';
import type { SipLocals } from './services/sip-listeners.ts';
import { judgeOptions } from './open-engine.ts';
import type { Config } from './config/config.ts';
import type { Identity } from './identity.ts';
import type { AgentCounters } from './services/agent-counters.ts';
import type { AgentServiceOptions } from './services/agent-service.ts';
import { AgentDecisions } from './services/agent-decisions.ts';
import type { AgentWorkerData, AgentWorkerInput, AgentWorkerOutput } from './workers/messages.ts';
import { Thread } from './workers/thread.ts';

interface Ports {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Its thread failed while running. */
  readonly onFailed: (error: unknown) => void;
}

/** The SIP agent, and what it reports. */
export interface RunningAgent extends AsyncDisposable {
  readonly locals: SipLocals;
  readonly decisions: AgentDecisions;
  /** About a second old at most; `undefined` before the first report. */
  counters(): AgentCounters | undefined;
}

/** Opens the agent's ports, in a separate thread unless everything runs in one; throws `OperatingError`. */
export async function openAgent(ports: Ports, config: Config): Promise<RunningAgent | undefined> {
  const options = await agentOptions(ports, config);
  if (options === undefined) return undefined;
  return config.threads === 1 ? openHere(ports, options) : openThread(ports, options);
}

async function agentOptions(
  { identity, logger }: Ports,
  config: Config,
): Promise<AgentServiceOptions | undefined> {
  const { sipAgent, sipAgentTlsAddresses, certFile, keyFile } = config;
  if (sipAgent === false) return undefined;
  const certificate =
    sipAgentTlsAddresses.length === 0
      ? undefined
      : await ensureCertificate({ certPath: certFile, keyPath: keyFile });
  if (certificate?.made === true) logger.info('certificate_made', { file: certFile });
  return {
    dbFile: config.dbFile,
    judge: judgeOptions(config),
    addresses: sipAgent,
    tlsAddresses: sipAgentTlsAddresses,
    certificate,
    peers: config.sipAgentPeers,
    destination: config.sipAgentDestination,
    refusal: config.sipAgentRefusal,
    refusesWatched: config.sipAgentWatch === 'refuse',
    secret: identity.secret('agent to tag'),
  };
}

async function openHere(ports: Ports, options: AgentServiceOptions): Promise<RunningAgent> {
  const { AgentService } = await import('./services/agent-service.ts');
  const decisions = new AgentDecisions();
  const onDecisions: AgentDecisions['add'] = (made) => decisions.add(made);
  const service = await AgentService.open({ ...ports, onDecisions }, options);
  return {
    locals: service.locals,
    decisions,
    counters: () => service.counters,
    [Symbol.asyncDispose]: () => service.close(),
  };
}

async function openThread(
  { logger, onFailed }: Ports,
  options: AgentServiceOptions,
): Promise<RunningAgent> {
  const decisions = new AgentDecisions();
  let locals: SipLocals = { udp: [], tcp: [], tls: [] };
  let counters: AgentCounters | undefined;
  const thread = await Thread.start<AgentWorkerInput, AgentWorkerOutput>(
    'agent-worker',
    { options } satisfies AgentWorkerData,
    [],
    {
      logger,
      onFailed,
      onMessage: (message) => {
        if (message.kind === 'ready') locals = message.locals;
        else if (message.kind === 'decisions') decisions.add(message.decisions);
        else counters = message.counters;
      },
    },
  );
  return {
    locals,
    decisions,
    counters: () => counters,
    [Symbol.asyncDispose]: async () => {
      thread.send({ kind: 'stop' });
      await thread.ended();
    },
  };
}
