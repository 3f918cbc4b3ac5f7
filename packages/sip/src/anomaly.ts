// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ANOMALIES_COUNT_MAX } from './limits.ts';

/** Why octets are not a SIP message, or not one that can be framed on a stream. */
export type RefusalCode =
  /** No octet at all. */
  | 'empty'
  /** Only line ends, blanks and NUL octets: a NAT keep-alive or a port probe. */
  | 'keep_alive'
  /** The first octet is not printable ASCII, or the first word contains a control character. */
  | 'binary'
  /** The first octet is that of a TLS record with a handshake message. */
  | 'tls_hello'
  /** The first line ends in a version of HTTP. */
  | 'http'
  /** The first line ends in a version of RTSP. */
  | 'rtsp'
  /** The first line is text, but neither a Request-Line nor a Status-Line. */
  | 'not_sip'
  /** After a message on a stream came more than `SKIPPED_OCTETS_MAX` octets and no start line. */
  | 'skipped_size'
  | UnfinishedCode;

/** Why a message on a stream has no end. It is read as far as it came. */
type UnfinishedCode =
  /** The head on a stream is larger than `HEAD_OCTETS_MAX`. */
  | 'head_size'
  /** The stream ended inside a head. */
  | 'head_unfinished'
  /** The stream ended inside a body. */
  | 'body_unfinished';

/** What was odd about the place of a message in its stream. */
export type FramingCode =
  | UnfinishedCode
  /** Octets before the message belong to none: a NUL after the previous message, or the rest of a longer body. */
  | 'octets_skipped'
  /** A stream needs Content-Length (RFC 3261 §18.3); it is missing and was taken as 0. */
  | 'content_length_missing'
  /** Content-Length is not a decimal number. */
  | 'content_length_syntax'
  /** There are several Content-Length headers with different values. */
  | 'content_length_conflict'
  /** Content-Length is above `BODY_OCTETS_MAX`. */
  | 'content_length_absurd';

/** What was odd about a message: what the parser tolerated, or what made one of its parts unreadable. */
export type AnomalyCode =
  | RefusalCode
  | FramingCode
  /** Line ends before the start line (allowed by RFC 3261 §7.5, rare in datagrams). */
  | 'leading_line_ends'
  /** More than one blank between the words of the start line, tabs, or blanks at its end. */
  | 'start_line_blanks'
  /** The method holds characters that are not allowed in a token. */
  | 'method_not_token'
  | 'request_uri_missing'
  /** The Request-URI stands in angle brackets. */
  | 'request_uri_brackets'
  /** Blanks inside the Request-URI. */
  | 'request_uri_blanks'
  | 'version_missing'
  /** The version is not exactly `SIP/2.0`. */
  | 'version_unknown'
  /** The status code is not three digits. */
  | 'status_code'
  /** A line ends in LF without CR. */
  | 'bare_line_feed'
  /** No line ends in LF: each CR was taken for the end of a line. */
  | 'bare_carriage_return'
  /** More than one CR before an LF, or one after it: the line ends were converted twice, or are in the wrong order. */
  | 'stray_carriage_return'
  /** A byte order mark before the start line. */
  | 'byte_order_mark'
  /** Text follows the version in the start line, as if the message had lost its line ends. */
  | 'line_ends_lost'
  /** More than one `@` before the headers of a URI: what follows the first one is the host. */
  | 'uri_second_at'
  /** The user part contains what nobody can dial: it is cut off there. */
  | 'user_part_cut'
  /** No empty line after the headers. */
  | 'headers_unterminated'
  /** More header lines than `HEADERS_COUNT_MAX`. */
  | 'headers_count'
  /** The first line after the start line begins with a blank, as if it continued it. */
  | 'fold_without_header'
  | 'header_without_colon'
  /** A header name holds characters that are not allowed in a token. */
  | 'header_name'
  | 'missing_via'
  | 'missing_from'
  | 'missing_to'
  | 'missing_call_id'
  | 'missing_cseq'
  | 'repeated_from'
  | 'repeated_to'
  | 'repeated_call_id'
  | 'repeated_cseq'
  | 'repeated_content_length'
  /** Content-Length promises more octets than the datagram has. */
  | 'body_short'
  /** Octets after the end of the body. */
  | 'octets_behind_body'
  /** A Via value that is not `protocol/version/transport sent-by`. */
  | 'via_syntax'
  /** An empty value in a comma-separated list of Via. */
  | 'via_empty'
  /** More Via values than `VIAS_COUNT_MAX`. */
  | 'vias_count'
  /** The display name opens a quote and does not close it. */
  | 'display_name_quote'
  /** `<` without `>` around a URI. */
  | 'angle_bracket'
  /** From or To without an address. */
  | 'address_empty'
  /** A second `tag` parameter in one header. */
  | 'repeated_tag'
  /** CSeq is not `number method`. */
  | 'cseq_syntax'
  /** The number of CSeq is not below 2^31. */
  | 'cseq_range'
  /** CSeq names another method than the Request-Line. */
  | 'cseq_method_mismatch'
  | 'uri_scheme_missing'
  /** Something else stands before the scheme of a URI: a name, a word, or another bracket. */
  | 'uri_prefixed'
  /** An IPv6 address without brackets. */
  | 'ipv6_without_brackets'
  /** A port that is not a number from 0 to 65535. */
  | 'port_syntax'
  /** More anomalies than `ANOMALIES_COUNT_MAX`. */
  | 'anomalies_count';

export interface Anomaly {
  /** Stable, snake_case. */
  readonly code: AnomalyCode;
  /** Octets from the beginning of the message. */
  readonly offset: number;
}

/** Records an anomaly at an index of the text that a codec was given. */
export type NoteAnomaly = (code: AnomalyCode, index: number) => void;

/** For callers of a codec who ignore anomalies. */
export const ignoreAnomaly: NoteAnomaly = () => undefined;

/** Anomalies of one message in the order in which they were found; bounded. */
export class AnomalyList {
  #anomalies: Anomaly[] | undefined;

  get anomalies(): readonly Anomaly[] {
    return this.#anomalies ?? [];
  }

  note(code: AnomalyCode, offset: number): void {
    this.#anomalies ??= [];
    const count = this.#anomalies.length;
    if (count >= ANOMALIES_COUNT_MAX) return;
    this.#anomalies.push({
      code: count === ANOMALIES_COUNT_MAX - 1 ? 'anomalies_count' : code,
      offset,
    });
  }
}
