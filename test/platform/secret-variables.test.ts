import { expect, test } from 'vitest';
import { secretVariables, withoutSecretVariables } from '../../src/platform/secret-variables.ts';

test('takes every secret of a sign-in out of an environment, in any case, and nothing else', () => {
  const secrets = Object.fromEntries(secretVariables.map((name) => [name, 'secret']));
  const rest = { PATH: '/usr/bin', AZURE_CLIENT_ID: 'id', AZURE_CLIENT_CERTIFICATE_PATH: '/c.pem', EMPTY: undefined };
  expect(withoutSecretVariables({ ...secrets, azure_client_secret: 'secret', ...rest })).toEqual(rest);
});
