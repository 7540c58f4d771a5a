// The frame of every page: who is signed in, whose destinations are shown, and which page of them.
import { html, useEffect, useRef, useState } from "./view.js";
import { Announcement } from "./announcement.js";
import { ConfirmDialog } from "./confirm_dialog.js";
import { ConnectionBanner } from "./connection_banner.js";
import { DestinationForm } from "./destination_form.js";
import { DestinationList } from "./destination_list.js";
import { DestinationPage } from "./destination_page.js";
import { readAccount } from "./destination_queries.js";
import { Everything } from "./everything.js";
import { keepFocus } from "./focus_keeper.js";
import { usePolling } from "./polling.js";
import { RejectedMessages } from "./rejected_messages.js";
import { address, hasUnsaved, leaveFor, mayLeave, parse, scopeName, useRoute } from "./routes.js";
import { isRefused, signOut, token, watchSession } from "./session.js";
import { SignInDialog, SignInPage } from "./sign_in.js";
import { nameWindow, stayIn, useTitleFirst } from "./title.js";

/** How often it is looked which groups there are, in milliseconds. */
const ACCOUNT_EVERY = 60_000;

export function App() {
  const [, setChanges] = useState(0);
  useEffect(() => watchSession(() => setChanges((changes) => changes + 1)), []);
  useEffect(keepFocus, []);
  return html`
    ${token() ? html`<${SignedIn} />` : html`<${SignInPage} />`}
    <${ConfirmDialog} />
    ${isRefused() && html`<${SignInDialog} />`}
    <${Announcement} />
  `;
}

function SignedIn() {
  const account = usePolling(() => readAccount(token()), ACCOUNT_EVERY, []);
  const route = useRoute();
  const known = useRef(token());
  useEffect(() => {
    // Somebody else may have signed in.
    if (known.current !== token()) {
      known.current = token();
      account.again();
    }
  });
  useEffect(nameWindow, []);
  const scopes = account.data ? scopesOf(account.data) : [];
  const first = scopes[0];
  useEffect(() => {
    // By the address: another page may have been chosen since this was drawn.
    if (first && parse(location.hash) === null) {
      location.replace(address({ scope: first }));
    }
  }, [route, first?.fullPath, first?.kind]);
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <${TopBar} user=${account.data?.user} scopes=${scopes} scope=${route?.scope} />
    <main id="main" tabindex="-1">
      ${!account.data && html`<${ConnectionBanner} polled=${account} />`}
      ${account.data && html`<${Content} scopes=${scopes} route=${route} />`}
    </main>
  `;
}

function scopesOf({ user, groups }) {
  const instance = user?.admin ? [{ kind: "instance" }] : [];
  const scopes = [...instance, ...groups.map((group) => ({ kind: "group", ...group }))];
  return scopes.length > 1 ? [{ kind: "all" }, ...scopes] : scopes;
}

function Content({ scopes, route }) {
  if (scopes.length === 0 && !hasUnsaved()) {
    return html`<h1>No destinations to administer</h1>
      <p>Owners of a top-level group and instance admins see destinations here. You are neither.</p>`;
  }
  if (!route) {
    return null;
  }
  if (route.page === "nothing") {
    return html`<${Nothing} scope=${scopes[0]} />`;
  }
  const wanted = address({ scope: route.scope });
  const maySee = scopes.some((scope) => address({ scope }) === wanted);
  if (!maySee && !hasUnsaved()) {
    return html`<h1>${scopeName(route.scope)}</h1>
      <p>You may not see this, or it does not exist. Choose above whose destinations you want to see.</p>`;
  }
  return html`${!maySee &&
    html`<div class="banner" role="alert">
      You may not administer ${scopeName(route.scope)} any more, or it does not exist any more. What you typed is still here.
    </div>`}
    <${Page} route=${route} scopes=${scopes.filter(({ kind }) => kind !== "all")} />`;
}

function Nothing({ scope }) {
  useTitleFirst("nothing");
  return html`<h1 tabindex="-1">There is nothing here</h1>
    <p>The address leads to no page of the console. <a href=${address({ scope })}>To the destinations</a></p>`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

function Page({ route, scopes }) {
  const { scope, page, number } = route;
  const key = address(route);
  useTitleFirst(key);
  switch (page) {
    case "list":
      return scope.kind === "all"
        ? html`<${Everything} key=${key} scopes=${scopes} />`
        : html`<${DestinationList} key=${key} scope=${scope} />`;
    case "destination":
      return html`<${DestinationPage} key=${key} scope=${scope} number=${number} />`;
    case "rejected":
      return html`<${RejectedMessages} key=${key} scope=${scope} />`;
    default:
      return html`<${DestinationForm} key=${key} scope=${scope} number=${number} />`;
  }
}

function TopBar({ user, scopes, scope }) {
  const shown = scope ? address({ scope }) : "";
  const onScope = async ({ target }) => {
    const wanted = target.value;
    // Each key opens another page for who goes through the list with the keyboard.
    stayIn(target, wanted);
    if (!(await leaveFor(wanted))) {
      target.value = shown;
    }
  };
  const onSignOut = async () => {
    if (await mayLeave()) {
      signOut();
    }
  };
  return html`<header class="top">
    <a class="brand" href=${shown || "#/"}>
      <img src="/-/console/icon.svg" alt="" width="24" height="24" /> Auditstream
    </a>
    ${scopes.length > 0 &&
    html`<label class="scope">
      <span>Destinations of</span>
      <select value=${shown} onChange=${onScope}>
        ${!scope && html`<option value="" disabled hidden>Choose…</option>`}
        ${scope && !scopes.some((one) => address({ scope: one }) === shown) && html`<option value=${shown}>${scopeName(scope)}</option>`}
        ${scopes.map((one) => html`<option value=${address({ scope: one })}>${scopeName(one)}</option>`)}
      </select>
    </label>`}
    <nav aria-label="Elsewhere"><a href="/-/graphql-explorer">GraphQL explorer</a></nav>
    ${user && html`<span class="user" title=${user.name}>${user.username}${user.admin ? " (admin)" : ""}</span>`}
    <button type="button" onClick=${onSignOut}>Sign out</button>
  </header>`;
}
