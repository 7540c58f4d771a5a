// The destinations of all scopes that somebody may administer: does everything arrive everywhere?
import { html } from "./view.js";
import { ConnectionBanner } from "./connection_banner.js";
import { DestinationTable, Summary } from "./destination_list.js";
import { readDestinations } from "./destination_queries.js";
import { usePolling } from "./polling.js";

/** How often all is read, in milliseconds: so seldom for each scope, as each is a request of its own. */
const EVERY = 5_000;
const EVERY_FOR_EACH = 200;
/** What is to be looked at first. */
const ORDER = ["TROUBLED", "PAUSED", "HEALTHY"];

async function readAll(scopes) {
  const lists = await Promise.all(
    scopes.map(async (scope) => (await readDestinations(scope)).map((destination) => ({ ...destination, scope }))),
  );
  const rank = ({ health }) => ORDER.indexOf(health.state);
  return lists.flat().sort((one, other) => rank(one) - rank(other));
}

export function Everything({ scopes }) {
  const every = Math.max(EVERY, scopes.length * EVERY_FOR_EACH);
  const polled = usePolling(() => readAll(scopes), every, [scopes.length]);
  const destinations = polled.data;
  return html`
    <div class="title"><h1 tabindex="-1">All destinations</h1></div>
    <${ConnectionBanner} polled=${polled} />
    ${!destinations && !polled.error && html`<p class="loading">Loading…</p>`}
    ${destinations?.length === 0 &&
    html`<div class="panel empty">
      <p>No audit event is streamed anywhere: there is no destination yet.</p>
      <p>Choose above whose destination you want to make.</p>
    </div>`}
    ${destinations?.length > 0 &&
    html`<${Summary} destinations=${destinations} /><${DestinationTable} destinations=${destinations} showsScope />`}
  `;
}
