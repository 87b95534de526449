/** What a refused sender is told: fixed words, nothing of what came in. */
export interface Refusal {
  readonly status: number;
  readonly title: string;
  readonly message: string;
}

const back = 'The terminal is still waiting for the sign-in.';

/** Every answer but the redirect to Entra and the page after the sign-in. */
export const refusals = {
  bare: {
    status: 400,
    title: 'Entra ID sent no answer',
    message:
      'This usually means that Entra ID showed an error page and its button led here. Go back to read the AADSTS code on that page, then type `entra-login explain CODE` with it in another terminal. The sign-in is still waiting; Ctrl-C in its terminal ends it.',
  },
  answered: {
    status: 409,
    title: 'This sign-in was already answered',
    message: 'You can close this window. The terminal tells how the sign-in ended.',
  },
  state: {
    status: 400,
    title: 'This answer belongs to another sign-in',
    message: `It may come from an older window or tab. Close it and go on in the window that opened last. ${back}`,
  },
  code_by_get: {
    status: 400,
    title: 'This answer came in an unsafe way',
    message: `The sign-in code stood in the address, where browser history and extensions can read it, so it was not used. ${back}`,
  },
  parameters: { status: 400, title: 'This is not an answer of Entra ID', message: back },
  malformed: { status: 400, title: 'Bad request', message: back },
  other_user: {
    status: 403,
    title: 'This sign-in belongs to another user of this machine',
    message:
      'If that is you, run entra-login login --no-browser: the address it prints may be opened in anyone’s browser.',
  },
  path: { status: 404, title: 'Nothing is here', message: back },
  method: { status: 405, title: 'Method not allowed', message: back },
  timed_out: { status: 408, title: 'The request took too long', message: back },
  body_size: { status: 413, title: 'The request is too large', message: back },
  content_type: { status: 415, title: 'Unsupported content type', message: back },
  host: { status: 421, title: 'Nothing is here under this name', message: back },
  header_size: {
    status: 431,
    title: 'The browser sent too many cookies',
    message: `Other programs on localhost left them: delete the cookies of localhost, or use a private window. ${back}`,
  },
} as const satisfies Record<string, Refusal>;

/** Why a request was not the awaited response. */
export type RefusalReason = keyof typeof refusals;
