// The program of the standalone binary. Where the keychain may block for ever it starts itself again to ask it
// (src/platform/keychain.ts).
'use strict';
if (process.argv[2] === '--keychain-child') require('./dist/keychain-child.cjs');
else require('./dist/main.cjs');
