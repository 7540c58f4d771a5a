// The last attempts that failed, with what the receiver answered.
import { html } from "./view.js";
import { Body } from "./body.js";
import { duration, Moment } from "./times.js";

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
            <table class="attempts">
              <thead>
                <tr>
                  ${["When", "Event", "Answer", "What went wrong", "Took"].map((title) => html`<th scope="col">${title}</th>`)}
                </tr>
              </thead>
              <tbody>
                ${attempts.map(
                  (attempt) => html`<tr key=${`${attempt.eventId} ${attempt.attemptedAt}`}>
                    <td><${Moment} at=${attempt.attemptedAt} /></td>
                    <td><code>${attempt.eventType}</code><div class="hint id">${attempt.eventId}</div></td>
                    <td><${Status} status=${attempt.status} /></td>
                    <td>
                      ${attempt.error}
                      ${attempt.response && html`<${Body} title="Response" text=${attempt.response} />`}
                    </td>
                    <td class="number">${duration(attempt.durationMs)}</td>
                  </tr>`,
                )}
              </tbody>
            </table>
          </div>`}
  </section>`;
}
