// The last attempts that failed, with what the receiver answered.
import { html } from "./view.js";
import { Body } from "./body.js";
import { duration, Moment } from "./times.js";

const COLUMNS = ["When", "Event", "Answer", "What went wrong", "Took"];

/** What was answered, as a status or as the lack of one. */
export function Status({ status }) {
  return status ? html`<code>${status}</code>` : html`<span class="hint">no answer</span>`;
}

export function FailedAttempts({ attempts }) {
  return html`<section class="panel" aria-labelledby="attempts-title">
    <h2 id="attempts-title">Failed attempts</h2>
    ${attempts.length === 0
      ? html`<p class="hint">None so far.</p>`
      : html`<p class="hint">The last ${attempts.length}, the newest first. The events are tried again, or are among the dead letters.</p>
          <div class="scroll" tabindex="0" role="group" aria-labelledby="attempts-title">
            <table class="attempts" role="table">
              <thead role="rowgroup">
                <tr role="row">
                  ${COLUMNS.map((title) => html`<th scope="col" role="columnheader">${title}</th>`)}
                </tr>
              </thead>
              <tbody role="rowgroup">
                ${attempts.map(
                  (attempt) => html`<tr role="row" key=${`${attempt.eventId} ${attempt.attemptedAt}`}>
                    <td role="cell" data-title="When"><${Moment} at=${attempt.attemptedAt} /></td>
                    <td role="cell" data-title="Event"><div><code>${attempt.eventType}</code><div class="hint id">${attempt.eventId}</div></div></td>
                    <td role="cell" data-title="Answer"><${Status} status=${attempt.status} /></td>
                    <td role="cell" data-title="What went wrong">
                      <div>
                        ${attempt.error}
                        ${attempt.response && html`<${Body} title="Response" text=${attempt.response} />`}
                      </div>
                    </td>
                    <td role="cell" class="number" data-title="Took">${duration(attempt.durationMs)}</td>
                  </tr>`,
                )}
              </tbody>
            </table>
          </div>`}
  </section>`;
}
