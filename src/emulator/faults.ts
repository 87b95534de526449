import type { EndpointName } from './exchange.ts';

/** Which requests a fault meets, and how often. */
interface FaultTarget {
  readonly endpoint: EndpointName | 'any';
  /** How many requests it meets before it is over; without it, all until removed. */
  readonly times?: number;
  /** Only token requests with this `grant_type`. */
  readonly grantType?: string;
}

/** What goes wrong on the wire or in the body. */
export type AnswerFault =
  /** The answer comes late, by milliseconds of real time. */
  | { readonly kind: 'latency'; readonly milliseconds: number }
  | { readonly kind: 'never_answers' }
  /** `before`: the request is not even handled; `after`: it is, but nobody hears; `in_body`: half of the body comes. */
  | { readonly kind: 'connection_dropped'; readonly when: 'before' | 'after' | 'in_body' }
  /** 429 `text/plain`; `retryAfter` goes into the header as it is (seconds or an HTTP date). */
  | { readonly kind: 'throttled'; readonly retryAfter?: number | string }
  /** An HTML error page of the front end. */
  | { readonly kind: 'server_error'; readonly status: 500 | 502 | 503 | 504; readonly retryAfter?: number | string }
  /** Status, headers and the first half of the body, with a matching Content-Length. */
  | { readonly kind: 'truncated_json' }
  | { readonly kind: 'malformed_json' }
  /** 200 with a page, as a captive portal gives. */
  | { readonly kind: 'html_page' }
  | { readonly kind: 'wrong_content_type'; readonly contentType: string }
  | { readonly kind: 'empty_body' }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: 301 | 302 | 303 | 307 | 308 }
  /** JSON without end; `bytes` is 64 MiB if left out. */
  | { readonly kind: 'huge_body'; readonly bytes?: number }
  /** Members of the JSON answer replaced; `undefined` takes one out. */
  | { readonly kind: 'changed_members'; readonly members: Readonly<Record<string, unknown>> }
  /** Entra's own error body, whatever the request was. */
  | {
      readonly kind: 'refused';
      readonly error: string;
      readonly aadsts: number;
      readonly description?: string;
      readonly suberror?: string;
      readonly claims?: string;
      readonly status?: number;
    };

/** What is wrong with an ID token; all but the first group are properly signed. */
export type IdTokenDefect =
  // Signature and key.
  | 'bad_signature'
  | 'signed_by_stranger'
  | 'alg_none'
  | 'hs256_with_public_key'
  | 'unknown_kid'
  | 'foreign_key_issuer'
  | 'not_a_jwt'
  // Issuer, audience, time, nonce.
  | 'wrong_issuer'
  | 'issuer_of_other_tenant'
  | 'wrong_audience'
  | 'audience_array'
  | 'expired'
  | 'not_yet_valid'
  | 'wrong_nonce'
  | 'missing_nonce'
  // Identity.
  | 'missing_tid'
  | 'tid_not_a_guid'
  | 'tid_differs_from_issuer'
  | 'missing_sub'
  | 'missing_oid'
  /** Sound in itself, but another account: what a renewal must not accept. */
  | 'other_oid'
  | 'other_tid'
  | 'other_sub'
  /** The token answer has no `id_token`. */
  | 'missing';

/** A token answer whose ID token is not to be trusted. */
interface IdTokenFault {
  readonly kind: 'id_token';
  readonly defect: IdTokenDefect;
}

/** Something that goes wrong; given to `injectFault`. */
export type Fault =
  (FaultTarget & AnswerFault) | (Omit<FaultTarget, 'endpoint'> & { readonly endpoint?: 'token' } & IdTokenFault);
