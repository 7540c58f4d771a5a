// The destinations of a scope, and whether they get their events.
import { html } from "./view.js";
import { ConnectionBanner } from "./connection_banner.js";
import { numberOf, readDestinations } from "./destination_queries.js";
import { FilterBadges, HealthState } from "./health_state.js";
import { usePolling } from "./polling.js";
import { RejectedMessagesLink } from "./rejected_messages.js";
import { address, scopeName } from "./routes.js";
import { Sparkline, totals } from "./sparkline.js";
import { amount, count, Moment, Since } from "./times.js";

/** How often the list is read, in milliseconds. */
const EVERY = 3_000;

export function DestinationList({ scope }) {
  const polled = usePolling(() => readDestinations(scope), EVERY, [scope.kind, scope.fullPath]);
  const destinations = polled.data;
  return html`
    <div class="title">
      <h1 tabindex="-1">Destinations <small>${scopeName(scope)}</small></h1>
      <a class="button primary" href=${address({ scope, page: "new" })}>New destination</a>
    </div>
    <${ConnectionBanner} polled=${polled} />
    ${scope.kind === "instance" && html`<${RejectedMessagesLink} />`}
    ${!destinations && !polled.error && html`<p class="loading">Loading…</p>`}
    ${destinations?.length === 0 && html`<${Nothing} scope=${scope} />`}
    ${destinations?.length > 0 &&
    html`<${Summary} destinations=${destinations} />
      <${DestinationTable} destinations=${destinations.map((destination) => ({ ...destination, scope }))} />`}
  `;
}

function Nothing({ scope }) {
  const whose = scope.kind === "instance" ? "the whole instance" : `the group ${scope.fullPath}`;
  return html`<div class="panel empty">
    <p>No audit event of ${whose} is streamed from here: there is no destination yet.</p>
    <p>A destination is an HTTP address, of a SIEM or a log store, that gets each event in a request of its own.</p>
  </div>`;
}

/** In one line: does everything arrive? So many scopes may be `missing`, of which nothing is known. */
export function Summary({ destinations, missing = 0 }) {
  const troubled = destinations.filter(({ health }) => health.state === "TROUBLED").length;
  const paused = destinations.filter(({ health }) => health.state === "PAUSED").length;
  const dead = destinations.reduce((sum, { deadLetters }) => sum + deadLetters.count, 0);
  const waiting = destinations.reduce((sum, { health }) => sum + (health.backlogSize ?? 0), 0);
  const all = destinations.length === 1 ? "The destination gets" : `${missing ? "" : "All "}${destinations.length} destinations get`;
  const parts = [
    troubled
      ? `${troubled} of ${destinations.length} in trouble`
      : paused
        ? `${destinations.length - paused} of ${destinations.length} get their events`
        : `${all} ${destinations.length === 1 ? "its" : "their"} events`,
    paused && `${paused} paused`,
    waiting > 0 && `${count(waiting, "event")} waiting`,
    dead > 0 && count(dead, "dead letter"),
    missing > 0 && "others not known",
  ];
  return html`<p class="summary" data-state=${troubled ? "TROUBLED" : paused || dead || missing ? "PAUSED" : "HEALTHY"}>
    ${parts.filter(Boolean).join(" · ")}
  </p>`;
}

/** Destinations with their scopes; the scopes are shown when they differ. */
// The roles are said again for narrow screens, where the cells are no cells of a table any more.
export function DestinationTable({ destinations, showsScope }) {
  const titles = ["Destination", "State", "Waiting", "Last delivery", "Last hour", "Dead letters"];
  return html`<table class="destinations" role="table">
    <caption class="visually-hidden">Destinations and how deliveries to them go</caption>
    <thead role="rowgroup">
      <tr role="row">${titles.map((title) => html`<th scope="col" role="columnheader">${title}</th>`)}</tr>
    </thead>
    <tbody role="rowgroup">
      ${destinations.map((destination) => html`<${Row} key=${destination.id} destination=${destination} showsScope=${showsScope} />`)}
    </tbody>
  </table>`;
}

function Row({ destination, showsScope }) {
  const { scope, id, name, destinationUrl, health, deadLetters } = destination;
  const { delivered, failed } = totals(health.stats);
  const link = address({ scope, page: "destination", number: numberOf(id) });
  return html`<tr role="row">
    <th scope="row" role="rowheader">
      ${showsScope && html`<div class="hint">${scopeName(scope)}</div>`}
      <a href=${link}>${name}</a> <${FilterBadges} destination=${destination} />
      <div class="url">${destinationUrl}</div>
    </th>
    <td role="cell" data-title="State"><${HealthState} state=${health.state} /></td>
    <td role="cell" data-title="Waiting" class="number">
      ${amount(health.backlogSize)}
      ${health.backlogOldestAt && html`<div class="hint">the oldest <${Since} at=${health.backlogOldestAt} /></div>`}
    </td>
    <td role="cell" data-title="Last delivery"><${Moment} at=${health.lastSuccessAt} /></td>
    <td role="cell" data-title="Last hour">
      <${Sparkline} stats=${health.stats} />
      <div class="hint">${amount(delivered)} delivered${failed > 0 ? `, ${amount(failed)} failed` : ""}</div>
    </td>
    <td role="cell" data-title="Dead letters" class="number">${amount(deadLetters.count)}</td>
  </tr>`;
}
