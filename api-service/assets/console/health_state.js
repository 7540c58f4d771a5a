// The state of a destination, and the badges beside its name.
import { html } from "./view.js";
import { count } from "./times.js";

const STATES = {
  HEALTHY: ["✓", "Healthy", "It gets its events as they come."],
  TROUBLED: ["!", "Troubled", "Deliveries fail. Its events wait, and it is tried again from time to time."],
  PAUSED: ["‖", "Paused", "It is not active: nothing is sent to it."],
};
const RECOVERS = "It takes events again, and what had to wait is being delivered.";

/** Whether a destination in trouble takes events again; it stays troubled until nothing waits any more. */
export function recovers({ state, lastSuccessAt, lastFailure }) {
  return state === "TROUBLED" && lastSuccessAt > lastFailure?.at;
}

/** What a state means, as a sentence. */
export function meaning(health) {
  return recovers(health) ? RECOVERS : STATES[health.state][2];
}

export function HealthState({ state }) {
  const [sign, word, sentence] = STATES[state];
  return html`<span class="state" data-state=${state} title=${sentence}>
    <span aria-hidden="true">${sign}</span> ${word}
  </span>`;
}

/** That a destination does not get everything. */
export function FilterBadges({ destination: { eventTypeFilters, namespaceFilters } }) {
  return html`${eventTypeFilters.length > 0 &&
    html`<span class="badge" title=${`Only ${count(eventTypeFilters.length, "event type")} of all`}>filtered</span>`}
  ${namespaceFilters.length > 0 &&
    html`<span class="badge" title="Only of these groups and projects">
      ${count(namespaceFilters.length, "namespace")}
    </span>`}`;
}
