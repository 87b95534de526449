/** Writes a moment in the local time zone, to the second: `2026-11-23 22:14:05`. */
export function renderLocalTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Writes how far a moment is from now: `in 52 minutes`, `3 days ago`. */
export function renderDistance(date: Date, now: Date): string {
  const seconds = Math.round((date.getTime() - now.getTime()) / 1000);
  const size = Math.abs(seconds);
  const [count, unit] =
    size < 90
      ? [size, 'second']
      : size < 90 * 60
        ? [Math.round(size / 60), 'minute']
        : size < 36 * 3600
          ? [Math.round(size / 3600), 'hour']
          : [Math.round(size / 86_400), 'day'];
  const amount = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return seconds < 0 ? `${amount} ago` : `in ${amount}`;
}

/** Writes a span that is counting down: `4:05`. */
export function renderCountdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
