import { expect, test } from 'vitest';
import { splitCommandWords } from '../../src/platform/command-words.ts';

test.each<[string, string[] | undefined]>([
  ['firefox', ['firefox']],
  ['  firefox   --private-window\t%s ', ['firefox', '--private-window', '%s']],
  [`"/opt/my browser/run" --name='a "b" c'`, ['/opt/my browser/run', '--name=a "b" c']],
  [String.raw`/opt/my\ browser/run "a \"b\" \n"`, ['/opt/my browser/run', String.raw`a "b" \n`]],
  [String.raw`run 'a\b' ''`, ['run', String.raw`a\b`, '']],
  ['run $HOME `id` $(id) ; rm *', ['run', '$HOME', '`id`', '$(id)', ';', 'rm', '*']],
  ['', []],
  ['"firefox', undefined],
  [`firefox 'a`, undefined],
])('splits %s as a shell would, expanding nothing', (command, words) => {
  expect(splitCommandWords(command, 'linux')).toEqual(words);
});

test('keeps backslashes on Windows, where they are part of a path', () => {
  const command = String.raw`"C:\Program Files\Mozilla Firefox\firefox.exe" -url C:\new`;
  expect(splitCommandWords(command, 'win32')).toEqual([
    String.raw`C:\Program Files\Mozilla Firefox\firefox.exe`,
    '-url',
    String.raw`C:\new`,
  ]);
});
