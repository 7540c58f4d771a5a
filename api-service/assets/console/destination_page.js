// One destination: how it does, what it is, what went wrong, and what can be done about it.
import { html, useEffect, useState } from "./view.js";
import { ActionButton } from "./action_button.js";
import { announce } from "./announcement.js";
import { mutateOne } from "./api.js";
import { confirm } from "./confirm_dialog.js";
import { ConnectionBanner } from "./connection_banner.js";
import { DeadLetters } from "./dead_letters.js";
import { kind, locate, readDestination } from "./destination_queries.js";
import { DestinationTest } from "./destination_test.js";
import { FailedAttempts } from "./failed_attempts.js";
import { HealthCharts } from "./health_charts.js";
import { FilterBadges, HealthState, meaning, recovers } from "./health_state.js";
import { usePolling } from "./polling.js";
import { address, go, scopeName } from "./routes.js";
import { Secrets } from "./secrets.js";
import { amount, count, Moment, Since, Until } from "./times.js";
import { useTitleFirst } from "./title.js";

/** How often it is read, in milliseconds. */
const EVERY = 2_000;

export function DestinationPage({ scope, number }) {
  const [minutes, setMinutes] = useState(60);
  const [place, setPlace] = useState(undefined);
  const read = async () => {
    // Where it stands in the list never changes.
    const found = place === undefined ? await locate(scope, number) : place;
    if (found === undefined) {
      return { destination: null };
    }
    setPlace(found);
    return { destination: await readDestination(scope, found, number, minutes), minutes };
  };
  const polled = usePolling(read, EVERY, [number]);
  useEffect(() => {
    if (polled.data && polled.data.minutes !== minutes) {
      polled.again();
    }
  }, [minutes]);
  const destination = polled.data?.destination;
  // It was not there yet when the page was opened.
  useTitleFirst(Boolean(destination));
  if (!polled.data) {
    return polled.error ? html`<${ConnectionBanner} polled=${polled} />` : html`<p class="loading">Loading…</p>`;
  }
  if (!destination) {
    return html`<h1 tabindex="-1">No such destination</h1>
      <p>It was destroyed, or you may not administer it. <a href=${address({ scope })}>To the list</a></p>`;
  }
  return html`
    <p class="way"><a href=${address({ scope })}>Destinations of ${scopeName(scope)}</a></p>
    <div class="title">
      <h1 tabindex="-1">
        ${destination.name} <${HealthState} state=${destination.health.state} /> <${FilterBadges} destination=${destination} />
      </h1>
      <${Actions} scope=${scope} number=${number} destination=${destination} again=${polled.again} />
    </div>
    <${ConnectionBanner} polled=${polled} />
    <${Trouble} destination=${destination} again=${polled.again} />
    <${Tiles} destination=${destination} />
    <${HealthCharts} stats=${destination.health.stats} minutes=${polled.data.minutes} onMinutes=${setMinutes} />
    <${DestinationTest} destination=${destination} />
    <${Settings} scope=${scope} place=${place} destination=${destination} />
    <${FailedAttempts} attempts=${destination.health.failedAttempts} />
    <${DeadLetters} scope=${scope} place=${place} destination=${destination} />
  `;
}

function Actions({ scope, number, destination, again }) {
  const { id, name, active } = destination;
  const setActive = async () => {
    await mutateOne(kind(scope).update, { id, active: !active });
    announce(active ? `${name} is paused: nothing is sent to it.` : `${name} is active.`);
    again();
  };
  const destroy = async () => {
    const sure = await confirm({
      title: `Destroy ${name}?`,
      text: "What waits for it, and its dead letters, are gone with it. This cannot be undone.",
      action: "Destroy",
      danger: true,
    });
    if (sure) {
      await mutateOne(kind(scope).destroy, { id });
      announce(`${name} was destroyed.`);
      go({ scope });
    }
  };
  return html`<div class="actions">
    <a class="button" href=${address({ scope, page: "edit", number })}>Edit</a>
    <${ActionButton} act=${setActive}>${active ? "Pause" : "Activate"}<//>
    <${ActionButton} act=${destroy} class="danger">Destroy…<//>
  </div>`;
}

/** What is wrong, while something is. */
function Trouble({ destination, again }) {
  const { health, id, name } = destination;
  const purge = async () => {
    const sure = await confirm({
      title: "Move what waits to the dead letters?",
      text: `${count(health.backlogSize, "event")} for ${name} will wait no longer. They can be replayed from the dead letters.`,
      action: "Move to the dead letters",
    });
    if (sure) {
      await mutateOne("auditEventStreamingLanePurge", { destinationId: id });
      announce("What waits is moved to the dead letters.");
      again();
    }
  };
  if (health.state !== "TROUBLED" && !(health.backlogSize > 0)) {
    return null;
  }
  const { state, lastFailure } = health;
  const fails = state === "TROUBLED" && !recovers(health);
  return html`<section class="trouble" data-state=${health.state} aria-label="What waits">
    <p>
      <strong>${fails ? "Deliveries fail." : state === "PAUSED" ? "It is paused." : "What had to wait is being delivered."}</strong>
      ${" "}${backlog(health.backlogSize)}
      ${fails && html` It is tried again <${Until} at=${health.nextAttemptAt} />.`}
    </p>
    ${state === "TROUBLED" &&
    lastFailure &&
    html`<p>Last failure, <${Moment} at=${lastFailure.at} />: ${lastFailure.error}.</p>`}
    ${health.state !== "HEALTHY" && health.backlogSize > 0 && html`<${ActionButton} act=${purge}>Move what waits to the dead letters…<//>`}
  </section>`;
}

function backlog(size) {
  if (size === null) {
    return "How many events wait cannot be counted at the moment; none is lost.";
  }
  return size === 0 ? "Nothing waits." : `${count(size, "event")} ${size === 1 ? "waits" : "wait"}, none is lost.`;
}

function Tiles({ destination: { health, deadLetters } }) {
  const tile = (title, value, hint) => html`<div class="tile"><dt>${title}</dt><dd>${value}</dd><dd class="hint">${hint}</dd></div>`;
  return html`<dl class="tiles">
    ${tile("State", html`<${HealthState} state=${health.state} />`, html`<${Since} at=${health.since} />. ${meaning(health)}`)}
    ${tile("Waiting", amount(health.backlogSize), health.backlogOldestAt ? html`the oldest <${Since} at=${health.backlogOldestAt} />` : "nothing waits")}
    ${tile("Last delivery", html`<${Moment} at=${health.lastSuccessAt} />`, health.nextAttemptAt ? html`next attempt <${Until} at=${health.nextAttemptAt} />` : "")}
    ${tile("Dead letters", amount(deadLetters.count), deadLetters.count ? "below, to be replayed or purged" : "nothing was given up")}
  </dl>`;
}

function Settings({ scope, place, destination }) {
  const { destinationUrl, eventTypeFilters, namespaceFilters, headers } = destination;
  const list = (items, none) => (items.length ? html`<ul class="plain">${items.map((item) => html`<li>${item}</li>`)}</ul>` : none);
  return html`<section class="panel" aria-labelledby="settings-title">
    <h2 id="settings-title">Settings</h2>
    <dl class="settings">
      <div><dt>URL</dt><dd class="url">${destinationUrl}</dd></div>
      <div><dt>Event types</dt><dd>${list(eventTypeFilters.map((name) => html`<code>${name}</code>`), "all")}</dd></div>
      <div><dt>Groups and projects</dt><dd>${list(namespaceFilters.map(({ namespace }) => namespace.fullPath), "all")}</dd></div>
      <div>
        <dt>Headers</dt>
        <dd>${list(headers.nodes.map(({ key, active }) => html`<code>${key}</code>${active ? "" : " (not sent)"}`), "none of its own")}</dd>
      </div>
      <${Secrets} scope=${scope} place=${place} destination=${destination} />
    </dl>
  </section>`;
}
