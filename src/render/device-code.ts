import type { ChalkInstance } from 'chalk';
import { plainText } from './plain-text.ts';
import type { Room } from './qr-code.ts';
import { renderQrCode } from './qr-code.ts';
import { renderLocalTime } from './time.ts';

/** What the person needs to sign in on another device. */
export interface DeviceCodePrompt {
  readonly userCode: string;
  readonly verificationUri: string;
  /** Entra's own words, which name both. */
  readonly message: string | undefined;
  readonly expiresAt: Date;
  readonly tenant: string;
}

// Message, address, code, warning, countdown and what stood there before.
const linesAround = 14;
// Entra's is 150 characters, in other languages some more.
const longestMessage = 1000;

/** Says where to go and what to type; this much stays with `--quiet`. */
export function renderDeviceCode(prompt: DeviceCodePrompt, colors: ChalkInstance): string {
  const { userCode, verificationUri, message, tenant } = prompt;
  const words =
    message === undefined
      ? `To sign in to Microsoft Entra ID (${tenant}), open the page in any browser and enter the code.`
      : plainLines(message.slice(0, longestMessage));
  return `${words}\n\n  ${colors.cyan(plainText(verificationUri))}\n  ${colors.bold(plainText(userCode))}\n\n`;
}

/** Says the rest: a QR code of the address where there is room, when the code expires, and what never to do with one. */
export function renderDeviceCodeNotes(prompt: DeviceCodePrompt, room: Room, colors: ChalkInstance): string {
  const spare = { columns: room.columns, rows: room.rows - linesAround };
  const qrCode = renderQrCode(prompt.verificationUri, spare, colors);
  // RFC 8628, 5.4: the one attack that the person alone can stop.
  return `${qrCode === undefined ? '' : `${qrCode}\n`}The code expires at ${renderLocalTime(prompt.expiresAt).slice(-8)}. Enter it only if you started this sign-in
yourself; ${colors.yellow('never enter a code that somebody sent you')}: they would be
signed in as you.\n`;
}

function plainLines(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map(plainText)
    .join('\n');
}
