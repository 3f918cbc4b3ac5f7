// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Made by `npm run docs` of the schemas in packages/api/src/v1/schemas.ts. */

export interface Address {
  /** IPv4, or IPv6 in its shortest form; in lists the /64 of IPv6 addresses. */
  readonly address: string;
  /** How many addresses of the /64 are known; 1 for a single address. */
  readonly addresses: number;
  /** How sure it is that the address is the attacker’s: only returned and handshake are. */
  readonly grade: 'seen' | 'returned' | 'handshake';
  /** ISO 3166-1 alpha-2; null if not known. */
  readonly country: string | null;
  /** An autonomous system such as AS64500, or the address block if that is not known. */
  readonly network: string;
  /** Name of the autonomous system. */
  readonly network_name: string | null;
  /** When it was first met. */
  readonly first_seen: string;
  /** When it was last met. */
  readonly last_seen: string;
  /** Messages that came here; 0 if only other nodes share it. */
  readonly seen_count: number;
  /** Messages that other nodes share. They prove nothing and get nothing listed. */
  readonly shared_count: number;
}

export interface Number {
  /** As it was dialled; with a plus if it was asked for in another form. */
  readonly number: string;
  /** The number that the digits most likely mean, with its plus. */
  readonly e164?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  /** fixed, mobile, premium, shared-cost, satellite, unallocated and others. */
  readonly number_type?: string;
  /** When it was first met. */
  readonly first_seen: string;
  /** When it was last met. */
  readonly last_seen: string;
  /** Messages that came here; 0 if only other nodes share it. */
  readonly seen_count: number;
  /** Messages that other nodes share. They prove nothing and get nothing listed. */
  readonly shared_count: number;
}

export interface UserAgent {
  /** The first 256 characters. */
  readonly user_agent: string;
  /** When it was first met. */
  readonly first_seen: string;
  /** When it was last met. */
  readonly last_seen: string;
  /** Messages that came here; 0 if only other nodes share it. */
  readonly seen_count: number;
  /** Messages that other nodes share. They prove nothing and get nothing listed. */
  readonly shared_count: number;
}

export interface Country {
  /** ISO 3166-1 alpha-2; null if not known. */
  readonly country: string | null;
  /** Addresses that something came from. An IPv6 /64 counts once. */
  readonly addresses: number;
  /** When it was first met. */
  readonly first_seen: string;
  /** When it was last met. */
  readonly last_seen: string;
  /** Messages. */
  readonly seen_count: number;
}

export interface Countries {
  readonly items: readonly Country[];
}

export interface Network {
  /** An autonomous system such as AS64500, or the address block if that is not known. */
  readonly network: string;
  /** Name of the autonomous system. */
  readonly name: string | null;
  /** Addresses that something came from. An IPv6 /64 counts once. */
  readonly addresses: number;
  /** When it was first met. */
  readonly first_seen: string;
  /** When it was last met. */
  readonly last_seen: string;
  /** Messages. */
  readonly seen_count: number;
}

export interface Methods {
  readonly items: readonly {
    /** SIP method; OTHER is the sum of methods that no RFC defines and of what was not SIP. */
    readonly method: string;
    /** UDP, TCP or TLS. */
    readonly transport: string;
    /** Messages. */
    readonly seen_count: number;
    /** Messages that other nodes share. */
    readonly shared_count: number;
  }[];
}

export interface Series {
  readonly interval: 'hour' | 'day';
  readonly items: readonly {
    /** Beginning of the interval, UTC. */
    readonly start: string;
    /** Messages. */
    readonly seen_count: number;
    /** Messages that other nodes share. */
    readonly shared_count: number;
    /** Messages by method. */
    readonly methods: Readonly<Record<string, number>>;
  }[];
}

export interface WebhookError {
  /** See docs/errors.md; `refused` if it refused an event for good. */
  readonly code: string;
  /** For a person. */
  readonly message: string;
  /** When it happened. */
  readonly time: string;
}

export interface Webhooks {
  readonly items: readonly {
    /** The name that the operator gave it, otherwise the host of its address. */
    readonly name: string;
    /** Events that it has not yet taken. */
    readonly lag: number;
    /** Requests made. */
    readonly requests: number;
    /** Events that it took. */
    readonly accepted: number;
    /** Events that it refused for good. */
    readonly refused: number;
    /** Events that retention removed before it accepted them. */
    readonly expired: number;
    /** Attempts that failed and were repeated. */
    readonly failures: number;
    /** Refused events that wait for an operator. */
    readonly dead_letters: number;
    /** When it last took events. */
    readonly last_accepted: string | null;
    /** When the next attempt is made, if it is failing. */
    readonly next_try: string | null;
    readonly last_error: WebhookError | null;
  }[];
}

export interface Followers {
  readonly items: readonly {
    /** firewall or bgp. */
    readonly name: string;
    /** Its process. */
    readonly process_id: number;
    /** Its state, in its own words. */
    readonly state: string;
    /** Whether it carries out what it was told. */
    readonly in_force: boolean;
    /** When it started. */
    readonly since: string;
    /** When it said so. */
    readonly heard: string;
    /** The node that it follows. */
    readonly node: string;
    /** The newest change that it carried out. */
    readonly serial: number | null;
    /** Changes after that, up to 1,000; null if the serial is not one of this node. */
    readonly lag: number | null;
    readonly entries: {
      /** IPv4 addresses and networks that it enforces. */
      readonly ipv4: number;
      /** The same of IPv6. */
      readonly ipv6: number;
    };
    /** changes, failures, refused_packets, refused_octets and others. */
    readonly counts: Readonly<Record<string, number>>;
    /** With routers, of bgp. */
    readonly sessions: readonly {
      /** The name that the operator gave it, otherwise its address. */
      readonly name: string;
      /** Where it is. */
      readonly address: string;
      /** RFC 4271, such as Established or Active. */
      readonly state: string;
      /** Whether there is a session. */
      readonly up: boolean;
      /** Since when there is one, or none. */
      readonly since: string;
      /** Prefixes that the router has from it. */
      readonly prefixes_out: number;
      /** By its name in the RFC, and who said so. */
      readonly last_error: string | null;
    }[];
    /** What an operator should look at. */
    readonly troubles: readonly string[];
  }[];
  readonly bouncers: readonly {
    /** The name of its key. */
    readonly key: string;
    /** The address that it pulls from. */
    readonly address: string;
    /** What it calls itself. */
    readonly user_agent: string;
    /** Its newest pull that was answered. */
    readonly pulled: string;
    /** Changes after that, up to 1,000; null if it will get everything. */
    readonly lag: number | null;
  }[];
}

export interface FleetPush {
  /** Whether it is connected; a quiet node disconnects. */
  readonly connected: boolean;
  /** Events that the fleet has not confirmed yet. */
  readonly lag: number;
  /** Events that are in the fleet. */
  readonly pushed_events: number;
  /** Counts that were added to such events. */
  readonly pushed_repeats: number;
  /** Pushes that failed and are repeated. */
  readonly failures: number;
  /** Events that the fleet refuses, and that were left out. */
  readonly refused_events: number;
  /** The epoch of this node’s log: a restored database file begins a new one. */
  readonly epoch: number;
  /** When the newest push arrived. */
  readonly last_push: string | null;
  /** Why nothing is pushed at present, as text for people. */
  readonly trouble: string | null;
}

export interface FleetPull {
  /** Events of other nodes that were taken. */
  readonly pulled_events: number;
  /** Rows that prove nothing, such as those without a grade. */
  readonly left_out: number;
  /** Rows of the fleet that were not read yet. */
  readonly behind: number;
  /** Decisions of operators at other hubs that were adopted. */
  readonly taken_decisions: number;
  /** Decisions made at this hub that the fleet does not have yet. */
  readonly waiting_decisions: number;
  /** Attempts that failed and are repeated. */
  readonly failures: number;
  /** Why nothing is read at present, as text for people. */
  readonly trouble: string | null;
}

export interface FleetPublish {
  /** Whether this is the hub that publishes what is listed: one at a time does. */
  readonly leading: boolean;
  /** The hub that publishes; null before it is known. */
  readonly leader: string | null;
  /** Whether everything that the fleet has was compared with what this hub lists. */
  readonly whole: boolean;
  /** Entries that it published, including unchanged ones. */
  readonly said_listings: number;
}

export interface FleetFollow {
  /** Listings of the hubs that this node has. */
  readonly listings: number;
  /** The newest change that was read; 0 before the first. */
  readonly serial: number;
  /** Changes that were taken. */
  readonly taken_changes: number;
  /** Listings that no hub can have published, or for which there is no room. */
  readonly left_out: number;
  /** When this node last had everything that the hubs list. */
  readonly last_current: string | null;
  /** Attempts that failed and are repeated. */
  readonly failures: number;
  /** Why nothing is followed at present, as text for people. */
  readonly trouble: string | null;
}

export interface FleetOverview {
  /** When the database said so. */
  readonly as_of: string;
  /** Events that the nodes pushed, in the present epochs of their logs. */
  readonly events: number;
  /** Entries that the hubs list. */
  readonly listed: number;
  /** Entries that they watch. */
  readonly watched: number;
  /** Nodes that are not listed below, because there are too many. */
  readonly more_nodes: number;
  readonly nodes: readonly FleetNode[];
}

export interface FleetNode {
  /** Its name. */
  readonly node: string;
  /** left: its role in PostgreSQL was removed. */
  readonly role: 'hub' | 'sensor' | 'follower' | 'left';
  /** Quiet sensors disconnect now and then. */
  readonly connected: boolean;
  /** Null for followers, which write nothing into the database. */
  readonly version: string | null;
  /** Events that it pushed, in the present epoch of its log. */
  readonly events: number;
  /** Events that were waiting on it at its last report. */
  readonly waiting: number;
  /** When its newest events arrived. */
  readonly last_push: string | null;
  /** Its last sign of life; null if it never gave one. */
  readonly last_seen: string | null;
  /** Whether it gave no sign of life for 5 minutes, and is not connected. */
  readonly silent: boolean;
}

export interface Fleet {
  /** none: this node is in no fleet. starting: at first, while everything else is still null. */
  readonly state: 'none' | 'starting' | 'running';
  readonly push: FleetPush | null;
  readonly pull: FleetPull | null;
  readonly publish: FleetPublish | null;
  readonly follow: FleetFollow | null;
  readonly overview: FleetOverview | null;
}

export interface AnalyticsTop {
  /** null for those that are too rare to be counted by name, or not known. */
  readonly name: string | null;
  /** The name of a network, or a number in groups, if it is known. */
  readonly label: string | null;
  /** Messages. */
  readonly seen_count: number;
  /** Messages in as many hours before. */
  readonly before_count: number;
}

export interface Analytics {
  readonly period: 'hour' | 'day' | 'week' | 'month' | 'year';
  /** Length of an interval. */
  readonly interval_seconds: number;
  /** Beginning of the first interval. */
  readonly since: string;
  /** End of the last interval, which lasts. */
  readonly until: string;
  readonly intervals: readonly {
    /** Beginning of the interval, UTC. */
    readonly start: string;
    /** Messages. */
    readonly seen_count: number;
    /** Messages by how sure their source is; earlier ones were not counted. */
    readonly grades: Readonly<Record<string, number>>;
    /** Messages by method, OTHER for those that are not registered. */
    readonly methods: Readonly<Record<string, number>>;
    /** Messages by transport. */
    readonly transports: Readonly<Record<string, number>>;
  }[];
  /** The beginning of the hours that are counted below. */
  readonly tops_since: string;
  /** Countries (ISO 3166-1 alpha-2), most messages first. */
  readonly countries: readonly AnalyticsTop[];
  /** Networks, most messages first. */
  readonly networks: readonly AnalyticsTop[];
  /** User-Agents, most messages first. */
  readonly tools: readonly AnalyticsTop[];
  /** Ranges of numbers that proved callers called, most calls first. */
  readonly ranges: readonly AnalyticsTop[];
  /** Whether all of the hours before are known; otherwise before_count is too low, and nothing can be compared. */
  readonly before_known: boolean;
}

export interface Trends {
  readonly period: 'hour' | 'day' | 'week' | 'month';
  /** The beginning of the hours that are counted. */
  readonly tops_since: string;
  /** Whether all of the hours before are known; otherwise before_count is too low, and nothing can be compared. */
  readonly before_known: boolean;
  /** Addresses, IPv6 by their /64, most messages first. */
  readonly sources: readonly AnalyticsTop[];
  /** Numbers of E.164 with their plus, in whatever form they were dialled, most calls first; label is the number in groups, as its country writes it. */
  readonly numbers: readonly AnalyticsTop[];
  /** Methods, OTHER for those that are not registered, most messages first. */
  readonly methods: readonly AnalyticsTop[];
}

export interface Summary {
  /** Addresses that something came from. An IPv6 /64 counts once. */
  readonly addresses: number;
  /** Numbers called. */
  readonly numbers: number;
  /** User-Agents seen. */
  readonly user_agents: number;
  /** Addresses that other nodes share and that sent nothing here. */
  readonly shared_addresses: number;
  /** Numbers that other nodes share and that were not called here. */
  readonly shared_numbers: number;
  /** User-Agents that only other nodes share. */
  readonly shared_user_agents: number;
  /** Id of the newest event. */
  readonly last_event_id: number;
}

export interface Event {
  /** Higher for each later event; the `Last-Event-ID` of the stream. */
  readonly id: number;
  /** The same on every node that has the event. */
  readonly event_uuid: string;
  /** When the message was received. In rows of SentryPeer 4.x this is that machine’s local time. Null if a row from there, or one written by hand, says no time. */
  readonly event_timestamp: string | null;
  /** When it was written here. Null as above. */
  readonly recorded_at: string | null;
  /** The node that received it. */
  readonly created_by_node_id: string;
  readonly collected_method: 'passive' | 'responsive';
  /** Where it came from. */
  readonly source_ip: string;
  readonly source_port: number | null;
  /** ISO 3166-1 alpha-2; null if not known. */
  readonly country: string | null;
  /** An autonomous system such as AS64500, or the address block if that is not known. */
  readonly network: string;
  /** Name of the autonomous system. */
  readonly network_name: string | null;
  /** The honeypot’s address. */
  readonly destination_ip: string | null;
  readonly destination_port: number | null;
  readonly transport: 'UDP' | 'TCP' | 'TLS';
  /** request, response or not-sip. */
  readonly message_kind: string | null;
  /** SIP method. */
  readonly method: string | null;
  /** As it was dialled. */
  readonly called_number: string | null;
  /** Which part of the message named it. */
  readonly called_number_source: string | null;
  /** User part of To. */
  readonly to_user: string | null;
  /** User part of From. */
  readonly from_user: string | null;
  /** What it calls itself. */
  readonly user_agent: string | null;
  readonly grade: 'seen' | 'returned' | 'handshake' | null;
  /** Whether it came with credentials: a password, or what is computed from one. */
  readonly tried_password: boolean;
  /** What was odd about it. */
  readonly anomalies: readonly string[];
  /** How many messages this event stands for: itself and the repeats counted on it. */
  readonly seen_count: number;
  readonly last_seen: string | null;
  /** Who shared it, if another node did: that is hearsay, which nothing here proves. Otherwise null. */
  readonly shared: {
    /** The DHT node that told us. */
    readonly address: string;
    /** Ed25519 public key of the signer, base64url; null if it is not signed. */
    readonly key: string | null;
  } | null;
  /** With include=message only. */
  readonly request_uri?: string | null;
  /** With include=message only. */
  readonly to_uri?: string | null;
  /** With include=message only. */
  readonly from_uri?: string | null;
  /** With include=message only: the octets as received, one character each. */
  readonly sip_message?: string;
  /** With include=message only: credentials that were tried, and other headers. */
  readonly details?: Readonly<Record<string, unknown>> | null;
}

export interface Peer {
  /** Its id; unsigned stands for all nodes that sign nothing. */
  readonly node_id: string;
  readonly trust: 'none' | 'trusted' | 'distrusted';
  /** Ed25519 public key, base64url; null if it signs nothing. */
  readonly key: string | null;
  /** The DHT node that last told us. */
  readonly address: string | null;
  /** When something of it was taken first. */
  readonly first_seen: string;
  /** When something of it was taken last. */
  readonly last_seen: string;
  /** Its events that are in the log. */
  readonly events: number;
  /** Whether it has a vote in the pool. */
  readonly voter: boolean;
  /** What the operator calls it. */
  readonly name: string | null;
}

export interface Pool {
  /** Whether this node shares (--peer-to-peer). */
  readonly sharing: boolean;
  /** The id of this node; null while it does not share. */
  readonly node_id: string | null;
  /** Its Ed25519 public key, base64url: by this others can trust it. */
  readonly key: string | null;
  /** retired: pool retire ended it. liar: two different pages with one serial were signed with it, for example because a copy of this node runs as well. In both cases other nodes accept nothing from this one. */
  readonly key_state: 'alive' | 'retired' | 'liar';
  /** Before this time other nodes accept nothing from this one, because its clock was ahead when it wrote pages, or is behind now; at most a day after the clock is right, it writes them again. Null if they are accepted. */
  readonly ahead_until: string | null;
  /** Nodes that have a vote here. */
  readonly voters: number;
  /** Of these, those whose vote does not count, because no link proved where they are. */
  readonly unproved_voters: number;
  /** Pages of all. */
  readonly pages: number;
  /** Claims in them. */
  readonly claims: number;
  /** Who wrote them. */
  readonly authors: number;
  /** Up to 200: first those with links, then those that the operator judged, then those that count more. */
  readonly items: readonly PoolNode[];
}

export interface PoolNode {
  /** Its id; or unsigned, or a distrusted network. */
  readonly node_id: string;
  /** What the operator calls it. */
  readonly name: string | null;
  /** Ed25519 public key, base64url; null if it is not known. */
  readonly key: string | null;
  readonly trust: 'none' | 'trusted' | 'distrusted';
  /** voter: it has a vote. known: it was right before, so it is heard first in a flood. out: it was met only in distrusted networks. liar: two pages with one serial prove that. */
  readonly standing: 'stranger' | 'known' | 'voter' | 'distrusted' | 'out' | 'retired' | 'liar';
  /** Null if there is none now: what it says comes over other nodes, or came in a file. */
  readonly link: {
    /** Its address. */
    readonly address: string;
    /** Whether this node dialled. */
    readonly outward: boolean;
    /** When the link began. */
    readonly since: string;
  } | null;
  /** The network in which it was last linked. */
  readonly network: string | null;
  /** The country of that network (ISO 3166-1 alpha-2); null if it is not known. */
  readonly country: string | null;
  /** When something from it was first accepted. */
  readonly first_seen: string | null;
  /** When something from it was last accepted. */
  readonly last_seen: string | null;
  /** Claims in its pages. */
  readonly claims: number;
  /** Addresses that it was the first to name and that came here after that. */
  readonly foretold: number;
  /** Its events that are in the log. */
  readonly events: number;
}

export interface PoolStanding {
  /** Nodes with a vote that name it, each name and each network once. */
  readonly voters: number;
  /** Nodes with a vote that name it but do not count: no network of theirs is proved, or another voter has it. */
  readonly uncounted: number;
  /** How many of these it takes to act on it. */
  readonly quorum: number;
  /** Nodes without a vote that name it. They have no effect. */
  readonly strangers: number;
  /** Networks of these, as far as they are known. */
  readonly networks: number;
}

export interface Check {
  /** listed: known bad, refuse it. watch: tell somebody, let it through. unproved: the address was claimed, but may be forged, so do not block it. unknown: nothing that counts is known. */
  readonly verdict: 'listed' | 'watch' | 'unproved' | 'unknown';
  /** What to do: refuse what is listed; report what is watched and let it through. */
  readonly level: 'none' | 'watch' | 'listed';
  /** Whether the level is listed. */
  readonly listed: boolean;
  /** How bad it is now. */
  readonly score: number;
  /** Why, in words. */
  readonly reasons: readonly string[];
  /** When this level ends, unless more evidence arrives; null if it has none. */
  readonly expires: string | null;
  readonly number: Number | null;
  readonly address: Address | null;
  /** Country of the address that was asked for, even if it was never seen. */
  readonly country: string | null;
  /** Network of that address, as above. */
  readonly network: string | null;
  /** Name of that network. */
  readonly network_name: string | null;
  /** What other nodes say about it in the pool (docs/sharing.md); null if they say nothing. */
  readonly pool: PoolStanding | null;
}

export interface Explanation {
  /** listed: known bad, refuse it. watch: tell somebody, let it through. unproved: the address was claimed, but may be forged, so do not block it. unknown: nothing that counts is known. */
  readonly verdict: 'listed' | 'watch' | 'unproved' | 'unknown';
  /** What to do: refuse what is listed; report what is watched and let it through. */
  readonly level: 'none' | 'watch' | 'listed';
  /** Whether the level is listed. */
  readonly listed: boolean;
  /** How bad it is now. */
  readonly score: number;
  /** Why, in words. */
  readonly reasons: readonly string[];
  /** When this level ends, unless more evidence arrives; null if it has none. */
  readonly expires: string | null;
  readonly number: ExplainedNumber | null;
  readonly address: ExplainedAddress | null;
}

export interface ExplainedAddress {
  /** The entry by which it is judged and listed: for IPv4 the address itself, for IPv6 its /64 or a wider network. */
  readonly entry: string;
  /** What other nodes say about it in the pool (docs/sharing.md); null if they say nothing. */
  readonly pool: PoolStanding | null;
  /** Its messages that other nodes share. They prove nothing and get nothing listed. */
  readonly shared_count: number;
  /** Whether the level is listed. */
  readonly listed: boolean;
  /** What to do: refuse what is listed; report what is watched and let it through. */
  readonly level: 'none' | 'watch' | 'listed';
  /** How bad it is now. */
  readonly score: number;
  /** Why, in words. */
  readonly reasons: readonly string[];
  /** Since when it is listed. */
  readonly since: string | null;
  /** When this level ends, unless more evidence arrives. */
  readonly until: string | null;
  /** What would end the level: bodies for POST /v1/decisions. Empty if it has none. */
  readonly unlist: readonly string[];
}

export interface ExplainedNumber {
  /** number, unknown, extension, short-code, emergency, feature-code or none. */
  readonly kind: string;
  /** The number that was judged, with its plus. */
  readonly e164: string | null;
  /** The same in groups, as its country writes it: +44 20 7946 0958. */
  readonly grouped: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  /** fixed, mobile, premium, shared-cost, satellite, unallocated and others. */
  readonly number_type: string | null;
  /** How ordinary the number is, which decides how much proof it takes to refuse it (docs/policy.md). */
  readonly destination_class: string | null;
  /** The range whose evidence decided, such as +46850780xx. */
  readonly range: string | null;
  /** What other nodes say about it in the pool (docs/sharing.md); null if they say nothing. */
  readonly pool: PoolStanding | null;
  /** Its messages that other nodes share. They prove nothing and get nothing listed. */
  readonly shared_count: number;
  /** Whether the level is listed. */
  readonly listed: boolean;
  /** What to do: refuse what is listed; report what is watched and let it through. */
  readonly level: 'none' | 'watch' | 'listed';
  /** How bad it is now. */
  readonly score: number;
  /** Why, in words. */
  readonly reasons: readonly string[];
  /** Since when it is listed. */
  readonly since: string | null;
  /** When this level ends, unless more evidence arrives. */
  readonly until: string | null;
  /** What would end the level: bodies for POST /v1/decisions. Empty if it has none. */
  readonly unlist: readonly string[];
}

export interface Readings {
  /** In the order of the question. */
  readonly items: readonly {
    /** As it was asked for. */
    readonly dialled: string;
    /** The number that the digits most likely mean, with its plus. */
    readonly e164: string | null;
    /** The same in groups, as its country writes it: +44 20 7946 0958. */
    readonly grouped: string | null;
    /** ISO 3166-1 alpha-2. */
    readonly country: string | null;
  }[];
}

export interface Listing {
  readonly kind: 'address' | 'number' | 'range';
  /** An address or a prefix of addresses; a number with its plus, or a range such as +46850780xx. */
  readonly value: string;
  /** listed: act on it. watch: report it and let it through. */
  readonly level: 'listed' | 'watch';
  /** How bad it is now. */
  readonly score: number;
  /** How sure it is that the address is the attacker’s: only returned and handshake are. */
  readonly grade: 'seen' | 'returned' | 'handshake';
  /** A number in groups, as its country writes it: +44 20 7946 0958; null for anything else. */
  readonly grouped: string | null;
  /** Why, in words; the most important first. */
  readonly reasons: readonly string[];
  /** Since when it is listed. */
  readonly since: string;
  /** Listed until then, unless more evidence arrives. */
  readonly until: string;
  /** Of the evidence: when it was met first. */
  readonly first_seen: string;
  /** Of the evidence: when it was met last. */
  readonly last_seen: string;
  /** Events of the evidence. */
  readonly seen_count: number;
  /** Whether the operator blocked it. Then it is listed, whatever the evidence says. */
  readonly blocked: boolean;
}

export interface ListingChange {
  /** Higher for each later change. */
  readonly id: number;
  /** When it was decided. */
  readonly at: string;
  readonly kind: 'address' | 'number' | 'range';
  /** An address or a prefix of addresses; a number with its plus, or a range such as +46850780xx. */
  readonly value: string;
  /** listed: act on it. watch: report it and let it through. */
  readonly level: 'listed' | 'watch';
  /** How bad it is now. */
  readonly score: number;
  /** How sure it is that the address is the attacker’s: only returned and handshake are. */
  readonly grade: 'seen' | 'returned' | 'handshake';
  /** A number in groups, as its country writes it: +44 20 7946 0958; null for anything else. */
  readonly grouped: string | null;
  /** listed and watched replace the earlier entry for it; level is that of the entry that begins, continues or ends. */
  readonly change: 'listed' | 'watched' | 'unlisted';
  /** Since when it is listed; null if it is not. */
  readonly since: string | null;
  /** When the listing ends, unless more evidence arrives; null if it is not listed. */
  readonly until: string | null;
  /** Why, as one text. */
  readonly reason: string;
  /** Why, in words; the most important first. */
  readonly reasons: readonly string[];
}

export interface Allowance {
  /** Address, network, number, range or digits. */
  readonly value: string;
  /** What it is for. */
  readonly comment: string;
  /** Since when. */
  readonly created: string;
  /** null if it has no end. */
  readonly until: string | null;
}

export interface Allowlist {
  readonly items: readonly Allowance[];
}

export interface Block {
  readonly kind: 'address' | 'number' | 'range';
  /** Address, network, number or range. */
  readonly value: string;
  /** What it is for. */
  readonly comment: string;
  /** Since when. */
  readonly created: string;
  /** null if it has no end. */
  readonly until: string | null;
}

export interface Blocklist {
  readonly items: readonly Block[];
}
