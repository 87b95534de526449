import { devicePath } from './device-response.ts';
import type { EmulatorRequest, Reply } from './exchange.ts';
import { html, pageReply } from './html.ts';
import type { EmulatorState } from './state.ts';

/** Answers the front page: what is here, for a person who opened the authority host in a browser. */
export function answerFrontPage(state: EmulatorState): Reply {
  const { tenants, users, applications } = state.directory;
  return pageReply({
    title: 'Start',
    content: html`<h1>Entra ID emulator</h1>
      <p>Set the authority host to <strong>${state.origin}</strong>. Any password works.</p>
      <h2>Tenants</h2>
      <ul>
        ${[...tenants.values()].map(({ name, id }) => html`<li>${name}: ${id}</li>`)}
      </ul>
      <h2>Accounts</h2>
      <ul>
        ${[...users.values()].map(({ name, username }) => html`<li>${name}: ${username}</li>`)}
      </ul>
      <h2>Applications</h2>
      <ul>
        ${[...applications.values()].map(({ name, clientId }) => html`<li>${name}: ${clientId}</li>`)}
      </ul>
      <p><a href="${devicePath}">Enter a device code</a></p>`,
  });
}

/** Answers the page that `error_uri` names. */
export function answerErrorLookUp(_state: EmulatorState, request: EmulatorRequest): Reply {
  const code = (request.query.get('code') ?? '').replaceAll(/\D/g, '');
  return pageReply({
    title: 'Error look-up',
    content: html`<h1>AADSTS${code}</h1>
      <p>Microsoft explains it at https://login.microsoftonline.com/error?code=${code}</p>`,
  });
}
