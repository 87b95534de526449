import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sleep, startDeadline } from '../../src/auth/deadline.ts';
import { EntraLoginError } from '../../src/errors.ts';

const late = new EntraLoginError('timeout', 'Too late.');
const cancelled = new EntraLoginError('cancelled', 'Cancelled.');
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a deadline', () => {
  it('counts down, aborts with its reason when the time is over, and is never negative', () => {
    const deadline = startDeadline(new AbortController().signal, 1000, () => late);
    vi.advanceTimersByTime(400);
    expect([deadline.remaining(), deadline.signal.aborted]).toEqual([600, false]);
    vi.advanceTimersByTime(5000);
    expect([deadline.remaining(), deadline.signal.reason]).toEqual([0, late]);
    deadline.end();
  });

  it('aborts with its parent, for the parent’s reason', () => {
    const parent = new AbortController();
    const deadline = startDeadline(parent.signal, 1000, () => late);
    parent.abort(cancelled);
    vi.advanceTimersByTime(5000);
    expect(deadline.signal.reason).toBe(cancelled);
    deadline.end();
  });

  it('of a parent that has aborted already is over at once', () => {
    const deadline = startDeadline(AbortSignal.abort(cancelled), 1000, () => late);
    expect(deadline.signal.reason).toBe(cancelled);
    deadline.end();
  });

  it('that was ended leaves no timer, and heeds neither time nor parent', () => {
    const parent = new AbortController();
    const deadline = startDeadline(parent.signal, 1000, () => late);
    deadline.end();
    parent.abort(cancelled);
    vi.advanceTimersByTime(5000);
    expect([deadline.signal.aborted, vi.getTimerCount()]).toEqual([false, 0]);
  });
});

describe('sleep', () => {
  it('ends when its time is over, and not before', async () => {
    let isOver = false;
    const slept = sleep(1000, new AbortController().signal).then(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(999);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await slept).toBe(true);
  });

  it('ends with the reason of an abort, and leaves no timer', async () => {
    const controller = new AbortController();
    const slept = sleep(1000, controller.signal);
    controller.abort(cancelled);
    await expect(slept).rejects.toBe(cancelled);
    expect(vi.getTimerCount()).toBe(0);
    await expect(sleep(1000, controller.signal)).rejects.toBe(cancelled);
  });

  it('makes an error of a reason that is none', async () => {
    const controller = new AbortController();
    const slept = sleep(1000, controller.signal);
    controller.abort('a text');
    await expect(slept).rejects.toMatchObject({ message: 'aborted', cause: 'a text' });
  });
});
