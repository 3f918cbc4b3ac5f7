// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Characters of JSON made before they are written, 1 and above; a line may go beyond. Chosen: making them
 * holds the main thread for about a millisecond.
 */
export const JSON_PORTION_CHARACTERS = 262_144;

/**
 * Milliseconds between two flushes of the JSON log to the disk, 0 and above. Chosen: at most this much is
 * looked for again in the file after a crash, and a flash card is flushed once a second.
 */
export const JSON_LOG_SETTLE_MS = 1_000;

/** Events between two such flushes at most, 1 and above. Chosen as above. */
export const JSON_LOG_SETTLE_EVENTS_MAX = 65_536;

/**
 * Octets at the end of the JSON log that are searched for the last line, 1 and above. The largest line: a
 * message of 98,304 octets, each written as six, and the other members.
 */
export const JSON_LINE_OCTETS_MAX = 1_048_576;

/**
 * Events after the cursor among which the last line of the file is looked for at start, 1 and above.
 * Chosen: more than can have been written between two flushes.
 */
export const RESUME_EVENTS_MAX = 4 * JSON_LOG_SETTLE_EVENTS_MAX;

/**
 * Milliseconds after which a syslog channel is closed and asked for its receipt, 0 and above. Chosen: what
 * a syslog daemon that is restarted may get twice, against one start of `logger` in that time.
 */
export const SYSLOG_SETTLE_MS = 5_000;

/** Lines between two receipts at most, 1 and above. Chosen as above. */
export const SYSLOG_SETTLE_EVENTS_MAX = 16_384;

/**
 * Octets of attacker text in one syslog line, 1 and above. `logger` splits lines at 1,024 octets and
 * RFC 3164 §4.1 ends a datagram there; address, words and header take less than 400.
 */
export const SYSLOG_AGENT_OCTETS_MAX = 512;

/** Characters of the method in one syslog line, 1 and above. Chosen: the longest registered one has 9. */
export const SYSLOG_METHOD_CHARACTERS_MAX = 32;

/** Characters of a host name in a syslog line, RFC 5424 §6.2.4. */
export const SYSLOG_HOSTNAME_CHARACTERS_MAX = 255;

/** Milliseconds to set up a connection to a syslog server, 1 and above. Chosen: TCP asks at 0, 1 and 3 s (RFC 6298). */
export const SYSLOG_CONNECT_MS_MAX = 5_000;

/** Milliseconds until a syslog channel takes one batch, 1 and above. Chosen: it is hung beyond. */
export const SYSLOG_WRITE_MS_MAX = 30_000;

/** Milliseconds until a syslog channel that was closed says so, 1 and above. Chosen: it is hung beyond. */
export const SYSLOG_RECEIPT_MS_MAX = 5_000;

/** Characters of a foreign program's complaint that are kept for our log, 1 and above. Chosen: two lines of a terminal. */
export const COMPLAINT_CHARACTERS_MAX = 200;

/** Events that one request may carry, 1 and above: what a hub of ours takes. */
export const WEBHOOK_BATCH_EVENTS_MAX = 1_000;

/** Characters of JSON in one request that carries several events, 1 and above. Chosen: a fourth of what a hub takes. */
export const WEBHOOK_BATCH_CHARACTERS_MAX = 1_048_576;

/** Milliseconds for which events may be gathered for one request. Chosen: longer is no alarm any more. */
export const WEBHOOK_BATCH_WAIT_MS_MAX = 60_000;

/** Requests to one endpoint at a time, 1 and above. Chosen: enough for 50 ms of way at some hundred events per second. */
export const WEBHOOK_PARALLEL_MAX = 32;

/** Events between two saved cursors of a webhook at most: what it gets twice after a kill. */
export const WEBHOOK_SETTLE_EVENTS_MAX = 4_096;

/** Milliseconds after which requests that are made at a time are waited for and their cursor saved. Chosen as above. */
export const WEBHOOK_PARALLEL_SETTLE_MS = 200;

/** Octets that are read of an answer, 0 and above. Chosen: a token or a reason takes some hundred. */
export const ANSWER_OCTETS_MAX = 65_536;

/** Milliseconds for which an idle connection is kept. Chosen: below the minute after which many servers close it. */
export const CONNECTION_IDLE_MS_MAX = 50_000;

/** Milliseconds for one request and its answer unless the option says otherwise. */
export const WEBHOOK_TIMEOUT_MS_MAX = 120_000;

/** Milliseconds that an endpoint may ask us to wait (RFC 9110 §10.2.3). Chosen: an operator is not kept out for days. */
export const RETRY_AFTER_MS_MAX = 3_600_000;

/** Characters kept of the reason why an endpoint refused an event. Chosen: some lines. */
export const DEAD_LETTER_REASON_CHARACTERS_MAX = 500;

/** Milliseconds between two looks for dead letters that are to be sent again. Chosen: a person waits for it. */
export const DEAD_LETTERS_LOOK_MS = 2_000;

/** Dead letters that are sent again in one look, 1 and above. Chosen: new events get their turn within seconds, and 10,000 letters still go in some minutes. */
export const DEAD_LETTERS_PER_LOOK_MAX = 100;

/** Milliseconds between two saved states of an endpoint. Chosen: one small transaction a second. */
export const STATUS_SAVE_MS = 1_000;

/** Characters of an OAuth2 token, 1 and above. Chosen: it has to fit into the headers of a request. */
export const TOKEN_CHARACTERS_MAX = 8_192;

/** Milliseconds that a token holds where its answer does not say (RFC 6749 §5.1). Chosen: the usual hour. */
export const TOKEN_LIFE_MS_DEFAULT = 3_600_000;

/** Milliseconds after which a token is renewed in any case. Chosen: a day. */
export const TOKEN_LIFE_MS_MAX = 86_400_000;

/** Milliseconds before its end at which a token is renewed; a tenth of its life where that is less. */
export const TOKEN_MARGIN_MS_MAX = 60_000;

/** Milliseconds within which a token is not renewed because it was refused. Chosen: no faster than tries are made. */
export const TOKEN_RENEW_MS_MIN = 1_000;

/** Share of a disk that is left alone for others at most, whatever was asked for. As for the database. */
export const DISK_FREE_SHARE_MAX = 0.1;
