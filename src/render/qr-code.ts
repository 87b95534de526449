import type { ChalkInstance } from 'chalk';
import { encode } from 'uqr';

/** Free space on the terminal, in characters. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

// ISO 18004 wants four modules of quiet zone; phones read two, and a terminal has few rows.
const quietZone = 2;

/**
 * Renders a QR code, two modules a character; `undefined` where there is not room enough or the text is too long.
 * Light modules are drawn, so that it reads on a dark background without colours too.
 */
export function renderQrCode(text: string, room: Room, colors: ChalkInstance): string | undefined {
  // 271 bytes is version 10; longer ones fit no usual terminal, and uqr throws beyond version 40.
  if (text.length > 271) return undefined;
  const { data, size } = encode(text, { ecc: 'L', border: quietZone });
  if (size > room.columns || Math.ceil(size / 2) > room.rows) return undefined;
  const lines: string[] = [];
  for (let row = 0; row < size; row += 2) {
    const upper = data[row] ?? [];
    const lower = data[row + 1];
    // Below the last row there is nothing: neither light nor dark.
    const characters = upper.map((isDark, column) =>
      halfBlocks(!isDark, lower !== undefined && lower[column] !== true),
    );
    lines.push(colors.bgBlack.whiteBright(characters.join('')));
  }
  return `${lines.join('\n')}\n`;
}

function halfBlocks(upperIsLight: boolean, lowerIsLight: boolean): string {
  if (upperIsLight) return lowerIsLight ? '█' : '▀';
  return lowerIsLight ? '▄' : ' ';
}
