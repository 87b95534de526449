import { describe, expect, it } from 'vitest';
import { contoso, dave } from '../../src/emulator/default-directory.ts';
import { elementName, hasMoreGroups, meaningOf } from '../../src/render/claim-meanings.ts';
import { directoryRoles } from '../../src/render/directory-roles.ts';

const idTokenClaims = `aud iss iat nbf exp name oid preferred_username rh sub tid uti aio idp email groups roles nonce ver
  login_hint sid auth_time acct given_name family_name upn wids hasgroups _claim_names _claim_sources acrs amr acr xms_cc
  xms_edov at_hash c_hash puid`;
const accessTokenClaims = `appid appidacr azp azpacr scp idtyp unique_name ipaddr onprem_sid in_corp pwd_url tenant_ctry
  tenant_region_scope app_displayname deviceid xms_st xms_tcdt xms_pl xms_tpl xms_pdl xms_idrel xms_ftd xms_mirid`;

describe('meaningOf', () => {
  it.each(`${idTokenClaims} ${accessTokenClaims}`.split(/\s+/))(
    'has a meaning for %s, short enough for the line below the value',
    (name) => {
      const meaning = meaningOf(name, undefined);
      // A table of 80 columns leaves 58 beside the names.
      expect(meaning).toMatch(/^.{5,58}$/);
    },
  );

  it.each([
    ['acct', 0, 'a member of the tenant'],
    ['acct', 1, 'a guest in the tenant'],
    ['azpacr', '0', 'a public client: no proof'],
    ['appidacr', '1', 'by client secret'],
    ['azpacr', '2', 'by certificate or assertion'],
    ['azpacr', '7', 'how that application proved itself'],
    ['idtyp', 'app', 'of an application itself'],
    ['tid', '9188040d-6c67-4c5b-b112-36a304b66dad', 'the tenant of personal Microsoft accounts'],
    ['tid', contoso.id, 'tenant ID'],
    ['idp', 'live.com', 'a guest: the home is a personal Microsoft account'],
    ['idp', `https://sts.windows.net/${contoso.id}/`, 'a guest: the home is that tenant'],
    ['idp', 'https://idp.example/', "the account's home, where it differs from the tenant"],
  ])('says of %s with the value %j: %s', (name, value, meaning) => {
    expect(meaningOf(name, value)).toBe(meaning);
  });

  it('has none for what it does not know, nor for what every object has', () => {
    const names = ['extension_of_the_company', 'constructor', '__proto__', 'toString'];
    expect(names.map((name) => meaningOf(name, 'constructor'))).toEqual(names.map(() => undefined));
    expect([meaningOf('acct', 'constructor'), elementName('wids', 'toString'), elementName('roles', 'pwd')]).toEqual([
      '0 is a member of the tenant, 1 a guest',
      undefined,
      undefined,
    ]);
  });
});

describe('directory roles', () => {
  it('are known by their IDs, in either case', () => {
    const id = '62e90394-69f5-4237-9190-012177145e10';
    expect([elementName('wids', id), elementName('wids', id.toUpperCase())]).toEqual([
      'Global Administrator',
      'Global Administrator',
    ]);
  });

  it('stand under GUIDs, each with a name of its own', () => {
    const entries = Object.entries(directoryRoles);
    const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    expect(entries.filter(([id, name]) => !guid.test(id) || !/^[A-Z][\w /-]+$/.test(name))).toEqual([]);
    expect(new Set(Object.values(directoryRoles)).size).toBe(entries.length);
  });
});

describe('hasMoreGroups', () => {
  it.each([
    [dave.extraClaims ?? {}, true],
    [{ hasgroups: true }, true],
    [{ hasgroups: false, groups: [] }, false],
    [{ _claim_names: { manager: 'src1' } }, false],
    [{ _claim_names: 'groups' }, false],
    [{ _claim_names: null }, false],
  ])('answers for %j: %s', (claims, expected) => {
    expect(hasMoreGroups(claims)).toBe(expected);
  });
});
