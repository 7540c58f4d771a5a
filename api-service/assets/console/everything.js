// The destinations of all scopes that somebody may administer: does everything arrive everywhere?
import { html } from "./view.js";
import { ConnectionBanner } from "./connection_banner.js";
import { DestinationTable, Summary } from "./destination_list.js";
import { readDestinations, readGroupsWithDestinations } from "./destination_queries.js";
import { forEachOf } from "./parallel.js";
import { usePolling } from "./polling.js";
import { RejectedMessagesLink } from "./rejected_messages.js";
import { scopeName } from "./routes.js";

/** How often all is read, in milliseconds: so seldom for each scope, as each is a request of its own. */
const EVERY = 5_000;
const EVERY_FOR_EACH = 200;
/** What is to be looked at first. */
const ORDER = ["TROUBLED", "PAUSED", "HEALTHY"];
/** Most scopes that are named when they did not answer. */
const NAMED = 5;

/** What the scopes answered, and those that did not: one that fails must not hide the others. */
async function readAll(scopes) {
  const instance = scopes.filter(({ kind }) => kind === "instance");
  const groups = await readGroupsWithDestinations();
  const asked = [...instance, ...groups.map((group) => ({ kind: "group", ...group }))];
  let limited = null;
  const answers = await forEachOf(asked, async (scope) => {
    try {
      if (limited) {
        // More questions would only be refused as well.
        throw limited;
      }
      const found = await readDestinations(scope);
      return { destinations: found.map((destination) => ({ ...destination, scope })) };
    } catch (error) {
      limited ??= error.kind === "limited" ? error : null;
      return { scope, error };
    }
  });
  const missing = answers.filter(({ error }) => error);
  if (asked.length > 0 && missing.length === asked.length) {
    throw missing[0].error;
  }
  const rank = ({ health }) => ORDER.indexOf(health.state);
  const destinations = answers.flatMap((answer) => answer.destinations ?? []).sort((one, other) => rank(one) - rank(other));
  return { destinations, missing, asked: asked.length };
}

export function Everything({ scopes }) {
  const every = (data) => Math.max(EVERY, (data?.asked ?? 0) * EVERY_FOR_EACH);
  const polled = usePolling(() => readAll(scopes), every, [scopes.length]);
  const { destinations, missing = [] } = polled.data ?? {};
  return html`
    <div class="title"><h1 tabindex="-1">All destinations</h1></div>
    <${ConnectionBanner} polled=${polled} />
    <${Missing} missing=${missing} />
    ${scopes.some(({ kind }) => kind === "instance") && html`<${RejectedMessagesLink} />`}
    ${!destinations && !polled.error && html`<p class="loading">Loading…</p>`}
    ${destinations?.length === 0 &&
    missing.length === 0 &&
    html`<div class="panel empty">
      <p>No audit event is streamed anywhere: there is no destination yet.</p>
      <p>Choose above whose destination you want to make.</p>
    </div>`}
    ${destinations?.length > 0 &&
    html`<${Summary} destinations=${destinations} missing=${missing.length} />
      <${DestinationTable} destinations=${destinations} showsScope />`}
  `;
}

function Missing({ missing }) {
  if (missing.length === 0) {
    return null;
  }
  const names = missing.slice(0, NAMED).map(({ scope }) => scopeName(scope));
  const others = missing.length - names.length;
  return html`<div class="banner" role="alert">
    <strong>Not all destinations are shown.</strong>
    ${" "}Those of ${names.join(", ")}${others > 0 ? ` and of ${others} more` : ""} could not be read: ${missing[0].error.message}
    ${" "}It is tried again by itself.
  </div>`;
}
