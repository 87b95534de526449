import process from 'node:process';
import { run } from './cli.ts';
import type { Context } from './context.ts';
import { EntraLoginError } from './errors.ts';
import { createFetch } from './platform/http.ts';
import { createFiles } from './platform/files.ts';
import { directoriesOf } from './platform/paths.ts';
import { openSecretStore } from './platform/secret-store.ts';
import { readSurroundings } from './platform/surroundings.ts';
import { createTerminal } from './platform/terminal.ts';

const controller = new AbortController();
const cancel = (): void => controller.abort(new EntraLoginError('cancelled', 'Cancelled.'));
// Once: a second Ctrl-C ends the process the system's way.
process.once('SIGINT', cancel);
process.once('SIGTERM', cancel);
process.once('SIGHUP', cancel);
