import type { Deadline } from '../auth/deadline.ts';
import type { Context } from '../context.ts';
import { renderWaiting } from '../render/sign-in.ts';
import { colorsOf, say } from './notices.ts';
import type { CommonOptions } from './opened-profile.ts';

/** The line that counts down at the bottom of a terminal; elsewhere one line says how long there is. */
export interface Countdown {
  /** Says that the browser has come by, from the next time on that the line is drawn. */
  showArrival(): void;
  /** Lets something be said above the line. */
  sayAbove(speak: () => void): void;
  end(): void;
}

/** Starts to count down; `--quiet` and `--json` show nothing. */
export function startCountdown(
  context: Pick<Context, 'stderr'>,
  options: CommonOptions,
  deadline: Pick<Deadline, 'remaining'>,
): Countdown {
  const { stderr } = context;
  const colors = colorsOf(stderr);
  const isShowing = options.quiet !== true && options.json !== true;
  const isDrawing = isShowing && stderr.isTerminal;
  let timer: NodeJS.Timeout | undefined;
  let hasArrived = false;

  const drawLine = (): void => stderr.write(`\r\u001b[K${renderWaiting(deadline.remaining(), colors, hasArrived)}`);
  const eraseLine = (): void => stderr.write('\r\u001b[K');
  if (isDrawing) {
    timer = setInterval(drawLine, 1000);
    drawLine();
  } else if (isShowing) {
    say(context, options, renderWaiting(deadline.remaining(), colors));
  }
  return {
    showArrival: () => {
      hasArrived = true;
    },
    sayAbove: (speak) => {
      if (timer === undefined) return speak();
      eraseLine();
      speak();
      drawLine();
    },
    end: () => {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      eraseLine();
    },
  };
}
