// Runs the demo on a real terminal (tmux) and draws what stood there as docs/images/demo.svg: `npm run record`.
// The text and its colours are those of the run; only the pace is ours. The SVG has no scripts and loads nothing.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';

const columns = 80;
const rows = 30;
const cell = { width: 8.4, height: 18 };
const margin = { x: 20, top: 44, bottom: 16 };
const secondsAStep = 4;

const home = mkdtempSync(join(tmpdir(), 'entra-login-record-'));
try {
  const lines = runOnTerminal('entra-login demo', /nothing is kept/);
  mkdirSync('docs/images', { recursive: true });
  writeFileSync('docs/images/demo.svg', draw(lines));
  process.stderr.write(`docs/images/demo.svg: ${lines.length} lines of a real run\n`);
} finally {
  rmSync(home, { recursive: true });
}

/** Types a command into a shell and answers the lines, with escapes, once the end is on the screen. */
function runOnTerminal(command, end) {
  const directory = join(home, 'bin');
  mkdirSync(directory);
  symlinkSync(resolve('bin/entra-login.cjs'), join(directory, 'entra-login'));
  const env = { PATH: `${directory}:${process.env.PATH}`, HOME: home, TERM: 'xterm-256color', LANG: 'C.UTF-8' };
  const tmux = (...words) =>
    execFileSync('tmux', ['-L', `record-${process.pid}`, '-f', '/dev/null', ...words], { env, encoding: 'utf8' });
  const capture = (...words) => tmux('capture-pane', '-p', '-S', '-', '-t', '0', ...words);
  tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), "PS1='$ ' sh");
  try {
    waitUntil(() => capture().startsWith('$'));
    tmux('send-keys', '-t', '0', command, 'Enter');
    waitUntil(() => end.test(capture()));
    const lines = capture('-e').trimEnd().split('\n');
    return lines.at(-1) === '$' ? lines.slice(0, -1) : lines;
  } finally {
    tmux('kill-server');
  }
}

function waitUntil(isSo) {
  const until = Date.now() + 30_000;
  while (!isSo()) {
    if (Date.now() > until) throw new Error('The demo did not end within 30 seconds.');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
}

/** One step for each command of the demo: its lines appear, and the screen scrolls to them. */
function draw(lines) {
  const starts = lines.flatMap((line, at) =>
    withoutEscapes(line).startsWith('$ entra-login') && at > 0 ? [at - 1] : [],
  );
  const bounds = [0, ...starts, lines.length];
  const steps = bounds.slice(1).map((end, at) => ({ start: bounds[at], end }));
  const total = steps.length * secondsAStep;
  const percent = (at) => ((100 * at) / steps.length).toFixed(2);
  const offset = ({ end }) => -Math.max(0, end - rows) * cell.height;
  const appear = steps.map(
    (_, at) => `@keyframes s${at}{0%{opacity:0}${percent(at)}%,100%{opacity:1}}.s${at}{animation-name:s${at}}`,
  );
  const scroll = steps.map((step, at) => `${percent(at)}%{transform:translateY(${offset(step)}px)}`).join('');
  const last = offset(steps.at(-1));
  const width = Math.ceil(columns * cell.width + 2 * margin.x);
  const height = rows * cell.height + margin.top + margin.bottom;
  const groups = steps.map(({ start, end }, at) => {
    const drawn = lines.slice(start, end).map((line, offsetInStep) => drawLine(line, start + offsetInStep));
    return `<g class="s s${at}">${drawn.join('')}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A terminal in which entra-login demo signs in, shows the claims, prints a token, renews it and signs out">
<style>
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d7dce2;white-space:pre}
.b{font-weight:700;fill:#fff}.d{fill:#95a0ad}.c31{fill:#ff8a7d}.c32{fill:#6fd58a}.c33{fill:#e8c268}.c36{fill:#6fd0e0}
.s{animation:${total}s step-end infinite}
.screen{animation:scroll ${total}s step-end infinite}
${appear.join('')}
@keyframes scroll{${scroll}100%{transform:translateY(${last}px)}}
@media (prefers-reduced-motion:reduce){.s{animation:none}.screen{animation:none;transform:translateY(${last}px)}}
</style>
<rect width="${width}" height="${height}" rx="10" fill="#14181d" stroke="#39424d"/>
<circle cx="22" cy="20" r="6" fill="#39424d"/><circle cx="42" cy="20" r="6" fill="#39424d"/><circle cx="62" cy="20" r="6" fill="#39424d"/>
<svg x="0" y="${margin.top}" width="${width}" height="${rows * cell.height}"><g class="screen">
${groups.join('\n')}
</g></svg>
</svg>
`;
}

function drawLine(line, at) {
  const spans = [];
  let classes = new Set();
  for (const [, escape, text] of line.matchAll(/\u001b\[([\d;]*)m|([^\u001b]+)/g)) {
    if (text === undefined) classes = applyEscapes(classes, escape);
    else if (classes.size === 0) spans.push(escapeXml(text));
    else spans.push(`<tspan class="${[...classes].join(' ')}">${escapeXml(text)}</tspan>`);
  }
  const length = withoutEscapes(line).length;
  if (length === 0) return '';
  const y = at * cell.height + 13;
  return `<text x="${margin.x}" y="${y}" textLength="${(length * cell.width).toFixed(1)}">${spans.join('')}</text>`;
}

function applyEscapes(classes, escape) {
  const next = new Set(classes);
  for (const code of (escape || '0').split(';').map(Number)) {
    if (code === 0) next.clear();
    else if (code === 1) next.add('b');
    else if (code === 2) next.add('d');
    else if (code === 22) for (const name of ['b', 'd']) next.delete(name);
    else if (code >= 30 && code <= 39) for (const name of next) if (name.startsWith('c')) next.delete(name);
    if (code >= 30 && code <= 37) next.add(`c${code}`);
  }
  return next;
}

function withoutEscapes(line) {
  return line.replaceAll(/\u001b\[[\d;]*m/g, '');
}

function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
