// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* capabilities(7). */

const CAP_NET_ADMIN = 12n;

/** What a process may do. */
export interface Privilege {
  /** Whether nft, started by this process, may change the firewall. */
  readonly suffices: boolean;
  /** What it has beyond that; `undefined` if nothing. */
  readonly excess: string | undefined;
}

/** @param status The text of /proc/self/status. @param userId The effective user. */
export function privilegeOf(status: string, userId: number): Privilege {
  const mask = (name: string): bigint => {
    const line = status.split('\n').find((each) => each.startsWith(`${name}:`)) ?? '';
    return BigInt(`0x${line.slice(name.length + 1).trim() || '0'}`);
  };
  const effective = mask('CapEff');
  // Root's children have what root has; others hand on only ambient capabilities.
  const inherited = userId === 0 ? effective & mask('CapBnd') : mask('CapAmb');
  const others = effective & ~(1n << CAP_NET_ADMIN);
  return {
    suffices: (inherited & (1n << CAP_NET_ADMIN)) !== 0n,
    excess:
      others !== 0n
        ? 'it has more capabilities than CAP_NET_ADMIN'
        : userId === 0
          ? 'it runs as root'
          : undefined,
  };
}
