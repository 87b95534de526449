import type { ProfileSettings } from '../settings-user-file.ts';
import { plainText } from './plain-text.ts';
import type { TableLayout } from './table.ts';
import { renderTable } from './table.ts';

/** A profile as it is shown: its settings in the configuration file, and where something is kept for it. */
export interface ShownProfile {
  readonly name: string;
  readonly current: boolean;
  readonly settings: ProfileSettings;
  readonly keptIn: readonly string[];
  readonly secretIn: readonly string[];
}

/** The profiles, one a row; the one in use has a star. */
export function renderProfiles(profiles: readonly ShownProfile[], layout: TableLayout): string {
  const rows = profiles.map(({ name, current, settings, keptIn, secretIn }) => {
    const places = [...new Set([...keptIn, ...secretIn])];
    return {
      name: `${current ? '*' : ' '} ${name}`,
      value: plainText([settings.tenant, settings.clientId].filter((text) => text !== undefined).join('  ')) || '-',
      meaning: places.length === 0 ? 'nothing kept' : `kept in ${places.join(' and ')}`,
    };
  });
  return renderTable(rows, layout);
}

/** One profile with all its settings. */
export function renderProfile(profile: ShownProfile, layout: TableLayout): string {
  const { name, current, settings, keptIn, secretIn } = profile;
  const given: [string, string | readonly string[] | undefined][] = Object.entries(settings);
  const rows = [
    ...given.map(([label, value]) => ({ label, value: typeof value === 'object' ? value.join(' ') : value })),
    { label: 'kept in', value: keptIn.length === 0 ? 'nothing is kept' : keptIn.join(' and ') },
    { label: 'client secret', value: secretIn.length === 0 ? undefined : `set, kept in ${secretIn.join(' and ')}` },
  ].flatMap(({ label, value }) =>
    value === undefined ? [] : [{ name: label, value: plainText(value), meaning: undefined }],
  );
  return `${layout.colors.bold(name)}${current ? ' (in use)' : ''}\n${renderTable(rows, layout)}`;
}
