// The events that a destination never took: looked at, replayed, purged.
import { html, useState } from "./view.js";
import { ActionButton } from "./action_button.js";
import { announce } from "./announcement.js";
import { mutateOne } from "./api.js";
import { confirm } from "./confirm_dialog.js";
import { ConnectionBanner } from "./connection_banner.js";
import { readDeadLetters } from "./destination_queries.js";
import { Status } from "./failed_attempts.js";
import { usePolling } from "./polling.js";
import { count, Moment } from "./times.js";

/** How often they are read, in milliseconds. */
const EVERY = 3_000;

export function DeadLetters({ scope, place, destination }) {
  // The places at which the pages so far begin.
  const [pages, setPages] = useState([null]);
  const after = pages.at(-1);
  const polled = usePolling(() => readDeadLetters(scope, place, destination.id, after), EVERY, [after]);
  const letters = polled.data;
  const [chosen, setChosen] = useState([]);
  const there = (letters?.nodes ?? []).map(({ id }) => id);
  // Of what is gone meanwhile nothing can be replayed.
  const ids = chosen.filter((id) => there.includes(id));
  const toggle = (id) => setChosen(ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id]);
  const input = () => ({ destinationId: destination.id, ...(ids.length ? { ids } : {}) });
  const which = ids.length ? count(ids.length, "chosen dead letter") : "all dead letters";

  const replay = async () => {
    const { accepted } = await mutateOne("auditEventStreamingDeadLettersReplay", input(), "accepted");
    announce(`${count(accepted, "dead letter")} will be delivered again.`);
    setChosen([]);
    polled.again();
  };
  const purge = async () => {
    const sure = await confirm({
      title: `Purge ${which}?`,
      text: "They are deleted and can never be delivered.",
      action: "Purge",
      danger: true,
    });
    if (sure) {
      const { purged } = await mutateOne("auditEventStreamingDeadLettersPurge", input(), "purged");
      announce(`${count(purged, "dead letter")} purged.`);
      setChosen([]);
      polled.again();
    }
  };
  return html`<section class="panel" aria-labelledby="letters-title">
    <div class="title">
      <h2 id="letters-title">Dead letters ${letters && html`<small>${letters.count}</small>`}</h2>
      ${letters?.count > 0 &&
      html`<div class="actions">
        <${ActionButton} act=${replay} class="primary">Replay ${ids.length ? `${ids.length} chosen` : "all"}<//>
        <${ActionButton} act=${purge} class="danger">Purge ${ids.length ? `${ids.length} chosen` : "all"}…<//>
      </div>`}
    </div>
    <${ConnectionBanner} polled=${polled} />
    ${letters?.count === 0 && html`<p class="hint">None: what was for the destination is delivered, or waits.</p>`}
    ${letters?.count > 0 &&
    html`<p class="hint">Events that were refused for good, or waited until the retention was over. The oldest first.</p>
      <${Letters} letters=${letters.nodes} ids=${ids} onToggle=${toggle} />
      <div class="actions">
        ${pages.length > 1 && html`<button type="button" onClick=${() => setPages(pages.slice(0, -1))}>Previous page</button>`}
        ${letters.pageInfo.hasNextPage &&
        html`<button type="button" onClick=${() => setPages([...pages, letters.pageInfo.endCursor])}>Next page</button>`}
      </div>`}
  </section>`;
}

function Letters({ letters, ids, onToggle }) {
  return html`<div class="scroll" tabindex="0" role="group" aria-labelledby="letters-title">
    <table class="letters">
      <thead>
        <tr>
          <th scope="col"><span class="visually-hidden">Choose</span></th>
          ${["Event", "Given up", "Attempts", "Last answer", "What went wrong"].map((title) => html`<th scope="col">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${letters.map(
          (letter) => html`<tr key=${letter.id}>
            <td>
              <input
                type="checkbox"
                aria-label=${`Choose ${letter.eventId}`}
                checked=${ids.includes(letter.id)}
                onChange=${() => onToggle(letter.id)}
              />
            </td>
            <td>
              <code>${letter.eventType}</code>
              <div class="hint id">${letter.eventId}</div>
              ${letter.body && html`<details><summary>Event</summary><pre>${pretty(letter.body)}</pre></details>`}
            </td>
            <td><${Moment} at=${letter.diedAt} /></td>
            <td class="number">${letter.attempts}</td>
            <td><${Status} status=${letter.lastStatus} /></td>
            <td>${letter.lastError} ${letter.replayRequestedAt && html`<span class="badge">being replayed</span>`}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
