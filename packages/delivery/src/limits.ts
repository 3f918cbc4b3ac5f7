// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Characters of JSON that are formatted before they are written, 1 and above; the last line may exceed it. Chosen:
 * formatting them occupies the main thread for about 1 ms.
 */
export const JSON_PORTION_CHARACTERS = 262_144;

/**
 * Milliseconds between two flushes of the JSON log to the disk, 0 and above. Chosen: after a crash only this much must
 * be searched for in the file, and a flash card is flushed only once per second.
 */
export const JSON_LOG_SETTLE_MS = 1_000;

/** Events between two such flushes at most, 1 and above. Chosen: bounds the search after a crash, also in a flood. */
export const JSON_LOG_SETTLE_EVENTS_MAX = 65_536;

/**
 * Octets at the end of the JSON log that are searched for the last line, 1 and above. The largest line: a
 * message of 98,304 octets, each written as six, and the other members.
 */
export const JSON_LINE_OCTETS_MAX = 1_048_576;

/**
 * Events after the cursor among which the last line of the file is searched for at start, 1 and above. Chosen: more
 * than can have been written between two flushes.
 */
export const RESUME_EVENTS_MAX = 4 * JSON_LOG_SETTLE_EVENTS_MAX;

/**
 * Milliseconds after which a syslog channel is closed to confirm what it took, 0 and above. Chosen: after a failure
 * this much may be sent twice, while `logger` is started only once in that time.
 */
export const SYSLOG_SETTLE_MS = 5_000;

/**
 * Lines between two such confirmations at most, 1 and above. Chosen: bounds what may be sent twice, also in a flood.
 */
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

/**
 * Milliseconds within which a syslog channel must take one batch, 1 and above. Chosen: a channel that takes longer
 * hangs.
 */
export const SYSLOG_WRITE_MS_MAX = 30_000;

/**
 * Milliseconds within which a syslog channel must confirm that it was closed, 1 and above. Chosen: a channel that takes
 * longer hangs.
 */
export const SYSLOG_RECEIPT_MS_MAX = 5_000;

/**
 * Characters of another program's error message that are kept for our log, 1 and above. Chosen: two lines of a
 * terminal.
 */
export const COMPLAINT_CHARACTERS_MAX = 200;

/** Events that one request may carry, 1 and above. Chosen: as many as our own hub accepts. */
export const WEBHOOK_BATCH_EVENTS_MAX = 1_000;

/**
 * Characters of JSON in one request that carries several events, 1 and above. Chosen: 1/4 of what our own hub accepts.
 */
export const WEBHOOK_BATCH_CHARACTERS_MAX = 1_048_576;

/** Milliseconds for which events may be collected for one request. Chosen: an alarm should not be older. */
export const WEBHOOK_BATCH_WAIT_MS_MAX = 60_000;

/**
 * Requests to one endpoint at a time, 1 and above. Chosen: enough for several hundred events per second with a delay of
 * 50 ms.
 */
export const WEBHOOK_PARALLEL_MAX = 32;

/** Events between two saved cursors of a webhook at most; it may get that many twice after a kill -9. */
export const WEBHOOK_SETTLE_EVENTS_MAX = 4_096;

/**
 * Milliseconds after which parallel requests are waited for and their cursor is saved. Chosen: bounds what is sent
 * twice after a kill -9.
 */
export const WEBHOOK_PARALLEL_SETTLE_MS = 200;

/** Octets of an answer that are read, 0 and above. Chosen: a token or a reason takes a few hundred. */
export const ANSWER_OCTETS_MAX = 65_536;

/** Milliseconds for which an idle connection is kept. Chosen: below the minute after which many servers close it. */
export const CONNECTION_IDLE_MS_MAX = 50_000;

/** Milliseconds that the option may set for one request and its answer. Chosen: longer than any endpoint needs. */
export const WEBHOOK_TIMEOUT_MS_MAX = 120_000;

/**
 * Milliseconds that an endpoint may ask us to wait (RFC 9110 §10.2.3). Chosen: a mistake there does not stop deliveries
 * for days.
 */
export const RETRY_AFTER_MS_MAX = 3_600_000;

/** Characters kept of the reason why an endpoint refused an event. Chosen: a few lines. */
export const DEAD_LETTER_REASON_CHARACTERS_MAX = 500;

/** Milliseconds between two checks for dead letters to send again. Chosen: a person waits for it. */
export const DEAD_LETTERS_LOOK_MS = 2_000;

/**
 * Dead letters that are sent again after one check, 1 and above. Chosen: new events get their turn within seconds, and
 * 10,000 dead letters still take only some minutes.
 */
export const DEAD_LETTERS_PER_LOOK_MAX = 100;

/** Milliseconds between two saved states of an endpoint. Chosen: one small transaction a second. */
export const STATUS_SAVE_MS = 1_000;

/** Characters of an OAuth2 token, 1 and above. Chosen: it has to fit into the headers of a request. */
export const TOKEN_CHARACTERS_MAX = 8_192;

/** Milliseconds that a token is valid if its answer does not say (RFC 6749 §5.1). Chosen: the usual hour. */
export const TOKEN_LIFE_MS_DEFAULT = 3_600_000;

/** Milliseconds after which a token is renewed in any case. Chosen: a day. */
export const TOKEN_LIFE_MS_MAX = 86_400_000;

/** Milliseconds before its end at which a token is renewed; 1/10 of its life if that is less. */
export const TOKEN_MARGIN_MS_MAX = 60_000;

/** Milliseconds within which a refused token is not renewed again. Chosen: no faster than requests are retried. */
export const TOKEN_RENEW_MS_MIN = 1_000;

/** Share of a disk that is kept free for others at most, whatever is configured; the same as for the database. */
export const DISK_FREE_SHARE_MAX = 0.1;
