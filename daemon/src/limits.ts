// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/**
 * Milliseconds for which look-ups use one snapshot of the database, unless something is committed before that. Chosen:
 * opening a snapshot costs more than a look-up, and a delay of 10 ms is not noticeable.
 */
export const SNAPSHOT_MS = 10;

/** Characters of a comment on what is allowed or delisted, 0 and above. Chosen: one line. */
export const COMMENT_CHARACTERS_MAX = 200;

/**
 * Milliseconds for which the machine's own addresses, which are never listed, are cached. Chosen: hardly any address is
 * an attacker's within a minute of its arrival on this machine.
 */
export const OWN_ADDRESSES_MS = 60_000;

/** Subjects that one step judges again after a decision or a new own address. Chosen: a few milliseconds. */
export const CHANGED_SUBJECTS_COUNT = 64;

/** Milliseconds between two texts of the demo. Chosen: time to read a few lines; the demo takes less than 1 min. */
export const DEMO_PAUSE_MS = 2_000;

/** Milliseconds between two checks by the demo of what the node recorded. */
export const DEMO_LOOK_MS = 20;

/** Milliseconds that the demo waits for one thing at most. Chosen: a busy machine takes 1 to 2 s for it. */
export const DEMO_STEP_MS_MAX = 20_000;

/**
 * Milliseconds that an attacker in the demo waits for an answer. Chosen: an answer over loopback takes 1 ms, and not
 * everything is answered.
 */
export const DEMO_ANSWER_MS_MAX = 1_000;

/** Milliseconds from the start to the first step of judging. Chosen: the ports open first. */
export const JUDGE_START_MS = 100;

/**
 * Milliseconds between two steps of judging events that may be forged, while events wait to be recorded. With steps of
 * 4 ms, judging gets about a quarter of the time. Proved events do not wait.
 */
export const JUDGE_DELAY_MS = 10;

/** The same while recording uses all processor time: judging then gets 4 % of it. */
export const JUDGE_SATURATED_MS = 100;

/** Milliseconds between two checks for listings that have ended, while nothing is recorded. */
export const JUDGE_IDLE_MS = 1000;

/** Milliseconds to the next attempt after judging failed, for example because the disk is full. */
export const JUDGE_RETRY_MS = 10_000;

/** Connections of all peers of the SIP agent together, and of one of them. Chosen: a proxy has one for each of its processes. */
export const AGENT_CONNECTIONS_MAX = 1024;
export const AGENT_CONNECTIONS_PER_PEER_MAX = 256;

/**
 * Octets of the receive buffer of each socket of the SIP agent. Chosen: Linux keeps twice that, about 250 to 400
 * INVITEs, which are read within 50 to 80 ms at 5,000 per second. What exceeds that is dropped and sent again 500 ms
 * later (RFC 3261 §17.1.1.2), which is better than answering all of them late.
 */
export const AGENT_RECEIVE_OCTETS = 262_144;

/** Milliseconds of silence after which a connection of a peer of the agent is closed. Chosen: PBXs may be idle overnight. */
export const AGENT_IDLE_MS_MAX = 3_600_000;

/** Milliseconds that a connection of a peer of the agent may last in total: a day. */
export const AGENT_CONNECTION_MS_MAX = 86_400_000;

/** Milliseconds between two lines in the log about peers that may not ask the agent, or about a limit on connections. */
export const REFUSALS_LOG_MS = 60_000;

/**
 * Calls that the agent makes to itself and answers before its ports open. Chosen by measurement: after a few thousand
 * it gets no faster.
 */
export const AGENT_WARM_UP_CALLS = 4000;

/** Milliseconds that these calls may take, so that a small device starts soon, too. */
export const AGENT_WARM_UP_MS = 1000;

/** Milliseconds for which the agent collects its decisions before it hands them over, 1 and above. */
export const AGENT_FLUSH_MS = 50;

/** Decisions of the agent that are kept for clients that follow them; about 500 octets each. */
export const AGENT_DECISIONS_MAX = 4096;

/** Milliseconds between two reports of a thread about itself. */
export const REPORT_MS = 1000;

/** Lines of the request log per second; requests beyond that are only counted. */
export const REQUEST_LINES_PER_SECOND_MAX = 100;

/** Characters of the name of a key, 1 and above. Chosen: the name of a host fits, and a line of `keys list`. */
export const KEY_NAME_CHARACTERS_MAX = 64;

/** Requests per second that `--api-rate` may allow. Chosen: a higher rate would not limit anything. */
export const API_RATE_MAX = 1_000_000;

/** Webhooks, 1 and above. Chosen: each reads the whole event log. */
export const WEBHOOKS_COUNT_MAX = 16;

/** Characters of the name of a webhook, 1 and above. Chosen: it remains readable as the label of a metric. */
export const WEBHOOK_NAME_CHARACTERS_MAX = 64;

/** Characters of a secret or of another text option of a webhook, 0 and above. Chosen: more than any real one has. */
export const SECRET_CHARACTERS_MAX = 4_096;

/** Ports of UDP and TCP, 0 to 65,535; 0 asks the system for a free one (RFC 6335 §6). */
export const PORT_MAX = 65_535;

/** Worker threads, 1 and above. Chosen: more than the cores of any machine this is meant for. */
export const THREADS_MAX = 64;

/** Seconds within which equal events are folded, 0 and above. Chosen: an hour; longer would hide when things happened. */
export const FOLD_WINDOW_SECONDS_MAX = 3600;

/** Days for which events are kept, 0 and above. Chosen: a hundred years, so that dates stay in range. */
export const RETENTION_DAYS_MAX = 36_500;

/** Octets of the smallest database that can be configured. Chosen: a smaller file has no room for events. */
export const DB_SIZE_OCTETS_MIN = 1_048_576;

/**
 * Octets of the smallest size at which the JSON log may be renamed. Chosen: with a smaller size a flood would rotate it
 * several times per second.
 */
export const JSON_LOG_SIZE_OCTETS_MIN = 1_048_576;

/** JSON logs that may be kept, 1 and above. Chosen: each rotation renames all of them, and writing waits for that. */
export const JSON_LOG_FILES_MAX = 1000;

/**
 * Octets of the largest size that can be configured, 2^50. Chosen: far above any disk, and far below the integers that
 * a number cannot represent exactly.
 */
export const SIZE_OCTETS_MAX = 1_125_899_906_842_624;

/** Replies per second, and replies in a burst, that one source may be given. Chosen: a higher limit would not limit anything. */
export const REPLIES_COUNT_MAX = 100_000;

/** Connections in total, 1 and above. Chosen: an address has no more ports; each costs a file descriptor. */
export const CONNECTIONS_COUNT_MAX = 65_535;

/** Largest id of a DHT network, from 0: 32 bits on the wire. */
export const DHT_NETWORK_MAX = 4_294_967_295;

/** Octets per day that `--share-budget` must allow at least. Chosen: more than 100 events. */
export const SHARE_BUDGET_OCTETS_MIN = 65_536;

/** Seconds that `--share-delay` may be, 0 and above. Chosen: an hour later an event is hardly news. */
export const SHARE_DELAY_SECONDS_MAX = 3600;

/** Octets of the file of known DHT nodes. Chosen: 1,024 nodes take 100 KB. */
export const DHT_STATE_OCTETS_MAX = 1_048_576;

/** Milliseconds between two writes of that file. A kill -9 loses at most that much of the day's count. */
export const DHT_STATE_MS = 60_000;

/** Characters of a persona's name, 1 and above. Chosen: one line of a message. */
export const PERSONA_NAME_CHARACTERS_MAX = 64;

/** Characters of a host name, RFC 1035 §2.3.4. */
export const HOST_NAME_CHARACTERS_MAX = 253;

/** Values of one option that takes several. Chosen: more addresses than a honeypot has; each opens a socket. */
export const VALUES_COUNT_MAX = 256;

/** Characters of a value that an error message repeats. Chosen: the message stays on one line. */
export const REFUSED_TEXT_CHARACTERS_MAX = 80;

/** Characters of a misspelt name for which a similar one is suggested. Chosen: twice the longest existing name. */
export const NEAREST_NAME_CHARACTERS_MAX = 64;

/** Characters of the configuration file. Chosen: a file with every option and a page of comment is far smaller. */
export const CONFIG_FILE_CHARACTERS_MAX = 1_048_576;

/** Characters of a systemd unit that are read. Chosen: a unit with every option and its comment is far smaller. */
export const SERVICE_UNIT_CHARACTERS_MAX = 65_536;

/** Octets of the identity file. Chosen: it has about 300; anything large is not one. */
export const IDENTITY_FILE_OCTETS_MAX = 65_536;

/** Characters of one field that `-v` prints. Chosen: as much as an event keeps of a field. */
export const VERBOSE_FIELD_CHARACTERS_MAX = 2048;

/** Characters of a SIP message that `-v` prints. Chosen: four times a full INVITE with SDP (about 1,200 octets). */
export const VERBOSE_MESSAGE_CHARACTERS_MAX = 4800;

/** Characters of one field in the one line of an event. Chosen: a line of a terminal. */
export const EVENT_LINE_FIELD_CHARACTERS_MAX = 80;

/** Lines that the command tail begins with at most, 1 and above. Chosen: as far as a terminal scrolls back. */
export const TAIL_LINES_MAX = 10_000;

/** Milliseconds between two checks of the command tail for new events. Chosen: a person sees no delay. */
export const TAIL_LOOK_MS = 200;

/** Events that the command tail reads at a time. */
export const TAIL_PAGE_EVENTS = 500;

/** Rows that the commands top and listings print at most, 1 and above. */
export const TOP_ROWS_MAX = 100_000;

/** Totals that the command top reads at a time. */
export const TOP_PAGE_ROWS = 5_000;

/** Milliseconds for which the command status waits for the daemon. Chosen: as long as a person likes to wait. */
export const STATUS_WAIT_MS = 2_000;

/** Octets of the note that a running daemon keeps next to its database. Chosen: 100 addresses fit. */
export const RUNNING_NOTE_OCTETS_MAX = 65_536;

/** Characters of one value in a log line. Chosen: a path or an error message fits, a page of text does not. */
export const LOG_VALUE_CHARACTERS_MAX = 400;

/**
 * Octets that may wait for the reader of standard output or error; more are lost and counted. Chosen: enough for a
 * short pause of a pager.
 */
export const STANDARD_STREAM_WAITING_OCTETS_MAX = 1_048_576;

/** Milliseconds between two lines about long work in a log, and between two states of a bar on a terminal. */
export const PROGRESS_LINE_MS = 5000;
export const PROGRESS_BAR_MS = 200;

/** Milliseconds of work before its progress is shown. Chosen: a person does not wonder before that. */
export const PROGRESS_SILENT_MS = 1000;

/** Characters of the bar on a terminal, 1 and above. */
export const PROGRESS_BAR_CHARACTERS = 30;

/** Seconds after which a client may ask again while the program starts. */
export const STARTING_RETRY_SECONDS = 10;

/** Milliseconds between two requests to systemd for more time to start; each request asks for 3 times as long. */
export const SUPERVISOR_EXTEND_MS = 10_000;

/** Characters of the status that systemd shows. Chosen: one line of a terminal. */
export const SUPERVISOR_TEXT_CHARACTERS_MAX = 200;

/** Milliseconds without a report after which a thread counts as stuck. Chosen: longer than any write to a slow card. */
export const THREAD_SILENT_MS_MAX = 60_000;

/** Lines with one event name in one window; any more are only counted. Chosen: a person still reads 10 lines. */
export const LOG_LINES_PER_WINDOW_MAX = 10;

/** Milliseconds of that window. Chosen: one burst of the same problem. */
export const LOG_WINDOW_MS = 10_000;

/** Addresses of one kind that the text at start names; the others are only counted. Chosen: two lines. */
export const BANNER_ADDRESSES_COUNT_MAX = 6;

/**
 * Milliseconds for which a receiving thread collects events before it hands them over, 1 and above. Together with the
 * store's own wait this stays below 50 ms, the most that a kill -9 may cost.
 */
export const FLUSH_MS = 25;

/** Empty blocks that a receiving thread keeps for the next burst. Chosen: 1 MiB. */
export const IDLE_BLOCKS_COUNT_MAX = 4;

/**
 * Octets of events that may wait in all threads together while the store cannot write. Chosen: about 30,000 events of a
 * usual size, on a device with little memory.
 */
export const WAITING_OCTETS_MAX = 16_777_216;

/**
 * Milliseconds at the beginning of an orderly stop in which datagrams that the kernel holds are still processed; the
 * rest are counted as dropped. Chosen: four full receive buffers of 5,000 datagrams take about 200 ms while the store
 * catches up.
 */
export const STOP_READING_MS_MAX = 500;

/** Milliseconds between two checks of how much the kernel dropped, 1 and above. */
export const KERNEL_DROPS_MS = 1000;

/**
 * Most octets that a reply is assumed to have when it is decided, before it is composed, whether it may be sent: a
 * reply is about as long as its request, and usually no longer than this (RFC 3261 §18.1.1).
 */
export const EXPECTED_REPLY_OCTETS_MAX = 1300;

/**
 * Milliseconds for which a receiving thread leaves the processor to a store that is behind, 1 and above. Chosen: more
 * than 100 events are stored meanwhile.
 */
export const STORE_PAUSE_MS = 3;

/** Events of one commit that `-v` prints. Chosen: a commit comes every 50 ms, so this is more than anybody can read. */
export const VERBOSE_EVENTS_PER_COMMIT_MAX = 50;

/**
 * Milliseconds that an orderly stop may take before the process ends anyway. Chosen: half of what the most impatient
 * supervisor waits (containers: 10 s); a stop takes about 100 ms, and after a flood on a busy machine 2 to 3 s. What is
 * not delivered by then is delivered after the next start.
 */
export const STOP_MS_MAX = 5000;

/** Fewest blocks that a receiving thread may have on their way to the store. Chosen: one fills, others are stored. */
export const BLOCKS_PER_THREAD_MIN = 8;

/** Blocks in use at which the store is behind. Chosen: one fills, one is stored, two wait for the next commit. */
export const BACKLOG_BLOCKS_COUNT = 4;

/**
 * UDP sockets on one local address in each receiving thread, 1 to 8. The kernel spreads flows over them, and each has
 * its own receive buffer, so that a pause of one thread loses nothing.
 */
export const SOCKETS_PER_ADDRESS_COUNT = 4;

/** Entries of a list that are read from the database at a time; other requests are served in between. */
export const PAGE_ENTRIES_COUNT = 500;

/**
 * Octets of pages that look-ups keep in memory, with more than one thread. Chosen: the upper pages of each index. Room
 * for all of a million numbers saves a look-up 0.4 pages, less than a microsecond, and fills within a day.
 */
export const LOOK_UP_CACHE_OCTETS = 4_194_304;

/** Octets of page cache, on small devices, for all reading but look-ups. Chosen: each new page of the pool is read once. */
export const SMALL_READER_CACHE_OCTETS = 524_288;

/** Addresses whose countries and networks are counted at a time, 1 and above: about 1 ms on each of two threads. */
export const PLACE_ADDRESSES_COUNT = 256;

/** Milliseconds between two such steps while there is more to do. Chosen: look-ups do not notice. */
export const PLACE_PAUSE_MS = 40;

/** Such steps in a row, 1 and above. Chosen: about 1,500 addresses per second, 1/100 of what the store can do. */
export const PLACE_STEPS_COUNT = 8;

/**
 * Milliseconds from an event to the first such step, and between two series of them, 1 and above. Chosen: a page that
 * shows countries is not loaded more often.
 */
export const PLACE_ROUND_MS = 1_000;

/**
 * Milliseconds from a thread's start to the first release of its memory, 0 and above: until then other threads are
 * still starting.
 */
export const FIRST_RELEASE_MS = 1_000;

/** Milliseconds between two checks whether a thread is quiet, 1 and above. */
export const QUIET_LOOK_MS = 2_000;

/** Share of a core, 0 to 1, up to which a thread counts as quiet. */
export const QUIET_UTILIZATION_MAX = 0.05;

/** Share of a core, 0 to 1, above which a busy thread's garbage is not collected: a flood needs all of its time. */
export const SPARE_UTILIZATION_MAX = 0.5;

/** Milliseconds between two releases, and until a collection after little growth: each takes a thread 20 to 100 ms. */
export const SPARE_COLLECTION_MS = 15_000;

/**
 * Milliseconds between two times at which unused pages of the program file leave memory, and from the end of the start
 * to the first time. Chosen: each takes 1 to 2 ms, and loading what it needs is no part of the start.
 */
export const PROGRAM_FILE_MS = 2_000;
export const PROGRAM_FILE_FIRST_MS = 200;

/** Factors above 1: growth of a heap worth a collection at once, and after a while; pages to content, to merge pages. */
export const RELEASE_GROWTH_MIN = 1.4;
export const SPARE_GROWTH_MIN = 1.1;
export const SPARSE_MIN = 1.3;

/** Arenas of glibc's memory that threads share, 1 and above. Chosen: with one, recording costs more (bench/README.md). */
export const ARENAS_COUNT_MAX = 2;

/** Niceness of the thread that searches the event log, on Linux, 0 to 19. Chosen: the middle. */
export const READER_NICENESS = 10;

/**
 * Milliseconds after the last search of the event log at which the thread for it ends. Chosen: a person takes less time
 * to read a page.
 */
export const EVENT_READER_IDLE_MS = 60_000;

assert(DB_SIZE_OCTETS_MIN < SIZE_OCTETS_MAX, 'a database size can be asked for');
assert(SIZE_OCTETS_MAX <= Number.MAX_SAFE_INTEGER, 'a size is a whole number');
assert(STOP_READING_MS_MAX < STOP_MS_MAX, 'a stop has time left to record what it read');
assert(BACKLOG_BLOCKS_COUNT < BLOCKS_PER_THREAD_MIN, 'a backlog shows before the blocks run out');
assert(AGENT_IDLE_MS_MAX < AGENT_CONNECTION_MS_MAX, 'silence ends before the life of a connection');
assert(AGENT_CONNECTIONS_PER_PEER_MAX <= AGENT_CONNECTIONS_MAX, 'a peer is one of all');

/** Entries of a list of SentryPeer 4.x that are judged at a time, some 5 ms; other requests are served in between. */
export const JUDGED_ENTRIES_COUNT = 100;

/**
 * Files that this process has open besides the connections that SIP may have, 1 and above. Chosen: database, logs,
 * threads and ports take some 50.
 */
export const OPEN_FILES_OWN = 100;
