import type { PresentedClient } from './client-authentication.ts';
import type { TenantSegment } from './tenant-segment.ts';

/** A token request as a grant sees it. */
export interface TokenRequest {
  readonly client: PresentedClient;
  readonly segment: TenantSegment;
  readonly form: URLSearchParams;
  /** The Origin header: set by browsers only, which is how single-page applications are told apart. */
  readonly origin: string | undefined;
  readonly claims: string | undefined;
  readonly clientInfo: boolean;
}

/** Headers of every token answer (entra.md 1.9). */
export const tokenHeaders = { 'Cache-Control': 'no-store, no-cache', Pragma: 'no-cache', Expires: '-1' } as const;
