import type { User } from './directory.ts';
import type { Reply } from './exchange.ts';
import type { Html } from './html.ts';
import { html, pageReply } from './html.ts';
import type { SignIn } from './sign-in.ts';
import type { BrowserSession } from './state.ts';

/** Where the forms of these pages go. */
export const signInPath = '/emulator/sign-in';

/** Shows the accounts to choose from. */
export function pickerPage(signIn: SignIn, users: readonly User[], session: BrowserSession): Reply {
  return pageReply({
    title: 'Pick an account',
    content: html`<h1>Pick an account</h1>
      <p>to sign in to ${signIn.request.application.name}</p>
      ${form(
        signIn,
        html`<ul class="plain">
            ${users.map((user) => accountItem(user, session.accounts.has(user.objectId)))}
          </ul>
          <p class="actions">
            <button name="action" value="other">Use another account</button>
            <button name="action" value="cancel">Cancel</button>
          </p>`,
      )}`,
  });
}

/** Asks for a username; one that was typed and is unknown is named. */
export function usernamePage(signIn: SignIn, unknown: string | undefined): Reply {
  const complaint =
    unknown === undefined
      ? html``
      : html`<p role="alert" id="complaint">We couldn't find an account with that username.</p>`;
  return pageReply({
    title: 'Sign in',
    content: html`<h1>Sign in</h1>
      <p>to continue to ${signIn.request.application.name}</p>
      ${complaint}
      ${form(
        signIn,
        html`<label for="username">Username</label>
          <input id="username" name="username" value="${unknown ?? ''}" autocomplete="username" required />
          <p class="actions">
            <button class="main" name="action" value="username">Next</button>
            <button name="action" value="cancel" formnovalidate>Cancel</button>
          </p>`,
      )}`,
  });
}

/** Asks for a password; any will do. */
export function passwordPage(signIn: SignIn, user: User): Reply {
  return pageReply({
    title: 'Enter password',
    content: html`<h1>Enter password</h1>
      <p>${user.username}</p>
      ${form(
        signIn,
        html`<input type="hidden" name="username" value="${user.username}" />
          <label for="password">Password</label>
          <input id="password" name="password" type="password" autocomplete="off" aria-describedby="any" required />
          <p class="note" id="any">Any password works here. Do not type a real one.</p>
          <p class="actions">
            <button class="main" name="action" value="password">Sign in</button>
            <button name="action" value="cancel" formnovalidate>Cancel</button>
          </p>`,
      )}`,
  });
}

/** Stands for the approval on a phone. */
export function mfaPage(signIn: SignIn, user: User): Reply {
  return pageReply({
    title: 'Approve sign-in request',
    content: html`<h1>Approve sign-in request</h1>
      <p>${user.username}</p>
      <p class="note">In real life your phone asks now. Here the button is your phone.</p>
      ${form(signIn, html`<p class="actions"><button class="main" name="action" value="approve">Approve</button></p>`)}`,
  });
}

/** Asks whether the application may have what it wants. */
export function consentPage(signIn: SignIn, user: User): Reply {
  const { application, scopes } = signIn.request;
  const wanted = [...scopes.openId, ...scopes.ofResources.map((scope) => scope.full)];
  return pageReply({
    title: 'Permissions requested',
    content: html`<h1>Permissions requested</h1>
      <p>${user.username}</p>
      <p><strong>${application.name}</strong> would like to:</p>
      <ul>
        ${wanted.map((scope) => html`<li>${scope}</li>`)}
      </ul>
      ${form(
        signIn,
        html`<p class="actions">
          <button class="main" name="action" value="accept">Accept</button>
          <button name="action" value="cancel">Cancel</button>
        </p>`,
      )}`,
  });
}

function accountItem(user: User, signedIn: boolean): Html {
  return html`<li>
    <button class="account" name="username" value="${user.username}">
      ${user.name}<span>${user.username}${signedIn ? ' – signed in' : ''}</span>
    </button>
  </li>`;
}

function form(signIn: SignIn, content: Html): Html {
  return html`<form method="post" action="${signInPath}">
    <input type="hidden" name="ctx" value="${signIn.id}" />
    ${content}
  </form>`;
}
