// What msal-node needs to print a kept token: the account of its file cache, and no network.
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { PublicClientApplication } = require('@azure/msal-node');

const { ENTRA_BENCH_CACHE: path, ENTRA_BENCH_CLIENT_ID: clientId, ENTRA_BENCH_AUTHORITY: authority } = process.env;
const cachePlugin = {
  beforeCacheAccess: async (context) => {
    try {
      context.tokenCache.deserialize(readFileSync(path, 'utf8'));
    } catch {
      // there is none before the first sign-in
    }
  },
  afterCacheAccess: async (context) => {
    if (context.cacheHasChanged) writeFileSync(path, context.tokenCache.serialize());
  },
};

async function main() {
  const seed = process.env.ENTRA_BENCH_SEED;
  // The seed alone answers requests itself; what is measured sends none.
  const networkClient = seed && {
    sendGetRequestAsync: async () => ({ status: 200, headers: {}, body: JSON.parse(seed).metadata }),
    sendPostRequestAsync: async () => ({ status: 200, headers: {}, body: JSON.parse(seed).tokens }),
  };
  const system = networkClient ? { networkClient } : {};
  const application = new PublicClientApplication({ auth: { clientId, authority }, cache: { cachePlugin }, system });
  const scopes = ['User.Read'];
  if (seed) {
    await application.acquireTokenByCode({ code: 'code', scopes, redirectUri: 'http://localhost' });
    return;
  }
  const [account] = await application.getTokenCache().getAllAccounts();
  const { accessToken } = await application.acquireTokenSilent({ account, scopes });
  process.stdout.write(`${accessToken}\n`);
}

void main();
