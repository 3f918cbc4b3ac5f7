// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Writes small files in the MaxMind DB format 2.0 (https://maxmind.github.io/MaxMind-DB), for tests. */

type Value = string | number | { readonly [name: string]: Value };

/** What is known about each network, such as `203.0.113.0/24`; the first that contains an address wins. */
export type Networks = Readonly<Record<string, Value>>;

const Kind = { text: 2, uint32: 6, map: 7 } as const;
const SEPARATOR_OCTETS = 16;
const TREE_BITS = 128;

interface Node {
  readonly children: (Node | number | undefined)[];
  number: number;
}

/** The octets of a file with IPv4 under `::/96`. @param recordBits Of the tree: 24, 28 or 32. */
export function mmdbFile(networks: Networks, recordBits = 32): Uint8Array {
  const data: number[] = [];
  const root: Node = { children: [undefined, undefined], number: 0 };
  for (const [network, value] of Object.entries(networks)) {
    insert(root, bitsOf(network), data.length);
    data.push(...encode(value));
  }
  const nodes = numbered(root);
  const tree = nodes.flatMap(({ children }) => {
    const [left = 0, right = 0] = children.map((child) => {
      if (child === undefined) return nodes.length;
      return typeof child === 'number' ? nodes.length + SEPARATOR_OCTETS + child : child.number;
    });
    if (recordBits !== 28) return [left, right].flatMap((record) => octets(record, recordBits / 8));
    const shared = ((left >> 24) << 4) | (right >> 24);
    return [...octets(left % 2 ** 24, 3), shared, ...octets(right % 2 ** 24, 3)];
  });
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000,
    database_type: 'test',
    description: {},
    ip_version: 6,
    node_count: nodes.length,
    record_size: recordBits,
  });
  const marker = [0xab, 0xcd, 0xef, ...new TextEncoder().encode('MaxMind.com')];
  const separator = Array.from({ length: SEPARATOR_OCTETS }, () => 0);
  return new Uint8Array([...tree, ...separator, ...data, ...marker, ...metadata]);
}

function insert(root: Node, bits: readonly number[], data: number): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    const child = node.children[bit];
    if (typeof child === 'object') {
      node = child;
      continue;
    }
    const next: Node = { children: [child, child], number: 0 };
    node.children[bit] = next;
    node = next;
  }
  node.children[bits.at(-1) ?? 0] = data;
}

function numbered(root: Node): readonly Node[] {
  const nodes = [root];
  for (let index = 0; index < nodes.length; index += 1) {
    for (const child of nodes[index]?.children ?? []) {
      if (typeof child !== 'object') continue;
      child.number = nodes.length;
      nodes.push(child);
    }
  }
  return nodes;
}

function bitsOf(network: string): readonly number[] {
  const [address = '', length = ''] = network.split('/');
  const isV4 = address.includes('.');
  const groups = isV4
    ? [0, 0, 0, 0, 0, 0, ...pairs(address.split('.').map(Number))]
    : v6Groups(address);
  const bits = groups.flatMap((group) =>
    Array.from({ length: 16 }, (_, bit) => (group >> (15 - bit)) & 1),
  );
  return bits.slice(0, isV4 ? TREE_BITS - 32 + Number(length) : Number(length));
}

function pairs([a = 0, b = 0, c = 0, d = 0]: readonly number[]): readonly number[] {
  return [a * 256 + b, c * 256 + d];
}

/** Of addresses such as `2001:db8::`: zeros at the end. */
function v6Groups(address: string): readonly number[] {
  const groups = address.replace('::', '').split(':');
  return Array.from({ length: 8 }, (_, index) => Number.parseInt(groups[index] ?? '0', 16));
}

function encode(value: Value): readonly number[] {
  if (typeof value === 'number') {
    const bare = octets(value, 4);
    const first = bare.findIndex((octet) => octet !== 0);
    const short = first < 0 ? [] : bare.slice(first);
    return [...control(Kind.uint32, short.length), ...short];
  }
  if (typeof value === 'string') {
    const text = new TextEncoder().encode(value);
    return [...control(Kind.text, text.length), ...text];
  }
  const entries = Object.entries(value);
  return [
    ...control(Kind.map, entries.length),
    ...entries.flatMap(([name, member]) => [...encode(name), ...encode(member)]),
  ];
}

function control(kind: number, size: number): readonly number[] {
  if (size < 29) return [(kind << 5) | size];
  return size < 285 ? [(kind << 5) | 29, size - 29] : [(kind << 5) | 30, ...octets(size - 285, 2)];
}

/** Big endian. */
function octets(value: number, count: number): readonly number[] {
  return Array.from(
    { length: count },
    (_, at) => Math.floor(value / 256 ** (count - 1 - at)) % 256,
  );
}
