import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { applicationPageUrl, renderRegistrationSteps } from '../../src/render/app-registration.ts';
import type { AppRegistration } from '../../src/render/app-registration.ts';

const colors = new Chalk({ level: 0 });
const desktop: AppRegistration = {
  platform: 'desktop',
  redirectUri: 'http://localhost',
  tenantKind: 'one',
  hasLinks: true,
};

describe('the steps of an app registration', () => {
  it('name the pages, the values to paste and the command for a desktop registration', () => {
    expect(renderRegistrationSteps(desktop, colors)).toBe(`Register the application, or look up the one you have:
  1. Entra admin center > Entra ID > App registrations > New registration
https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/CreateApplicationBlade
  2. Name: entra-login (any name will do)
  3. Supported account types: accounts in this organizational directory only
  4. Redirect URI: platform Public client/native (mobile & desktop), and
     http://localhost
  5. Register. For sign-ins by device code (SSH, containers) also:
     Authentication > Settings > Allow public client flows
  6. Overview shows the Application (client) ID and the Directory (tenant) ID

Or with the Azure CLI (appId is the client ID, az account show has the tenant):
  az ad app create --display-name entra-login \\
    --sign-in-audience AzureADMyOrg \\
    --public-client-redirect-uris http://localhost \\
    --is-fallback-public-client true
`);
  });

  it('name the secret for a Web registration, of which the Value is wanted', () => {
    const text = renderRegistrationSteps(
      { platform: 'web', redirectUri: 'http://localhost:5000/callback', tenantKind: 'any', hasLinks: false },
      colors,
    );
    expect(text).toContain('Redirect URI: platform Web, and\n     http://localhost:5000/callback');
    expect(text).toContain('copy the Value, not the Secret ID');
    expect(text).toContain('--sign-in-audience AzureADMultipleOrgs \\\n    --web-redirect-uris http://localhost:5000');
    expect(text).toContain('az ad app credential reset --id CLIENT-ID --append');
    expect(text).not.toContain('https://');
  });

  it('say where 127.0.0.1 can be entered', () => {
    const text = renderRegistrationSteps({ ...desktop, redirectUri: 'http://127.0.0.1/callback' }, colors);
    expect(text).toContain('(enter it in the Manifest: this page refuses it)');
  });

  it('stay within 80 columns, but for the one address', () => {
    const lines = [desktop, { ...desktop, platform: 'web', tenantKind: 'any' } as const]
      .flatMap((registration) => renderRegistrationSteps(registration, colors).split('\n'))
      .filter((line) => !line.startsWith('https://'));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("link to the application's own pages", () => {
    expect(applicationPageUrl('11111111-2222-3333-4444-555555555555', 'Authentication')).toBe(
      'https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Authentication/appId/11111111-2222-3333-4444-555555555555',
    );
  });
});
