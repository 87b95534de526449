import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { renderTable } from '../../src/render/table.ts';

const layoutOf = (columns: number, level: 0 | 3 = 0): Parameters<typeof renderTable>[1] => ({
  colors: new Chalk({ level }),
  columns,
});

describe('a table', () => {
  const rows = [
    { name: 'scopes', value: 'openid', meaning: '/home/somebody/code/project/.entra-login.json, line 12' },
    { name: 'tenant', value: 'contoso.com', meaning: 'option' },
    { name: 'browser', value: 'x'.repeat(40), meaning: undefined },
  ];

  it('breaks what does not fit: a value, and a meaning on lines of its own', () => {
    expect(renderTable(rows, layoutOf(40))).toBe(`scopes   openid
         /home/somebody/code/project/.en
         tra-login.json, line 12
tenant   contoso.com  option
browser  ${'x'.repeat(31)}
         ${'x'.repeat(9)}
`);
  });

  it('is the same in colours, less the escapes', () => {
    const colored = renderTable(rows, layoutOf(40, 3));
    expect(colored).toContain('\u001b[');
    expect(stripVTControlCharacters(colored)).toBe(renderTable(rows, layoutOf(40)));
  });
});
