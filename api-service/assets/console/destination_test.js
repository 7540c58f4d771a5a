// Sends a test event to a destination, and shows what came of it.
import { html, useState } from "./view.js";
import { ActionButton } from "./action_button.js";
import { mutateOne } from "./api.js";
import { Status } from "./failed_attempts.js";
import { duration } from "./times.js";

export function DestinationTest({ destination }) {
  const [result, setResult] = useState(null);
  const test = async () => {
    setResult(null);
    const selection = "delivered status durationMs error response eventId";
    setResult(await mutateOne("auditEventStreamingDestinationTest", { destinationId: destination.id }, selection));
  };
  return html`<section class="panel" aria-labelledby="test-title">
    <div class="test">
      <div>
        <h2 id="test-title">Test</h2>
        <p class="hint">Sends one test event with the token, headers and signature of every request. It is neither counted nor tried again.</p>
      </div>
      <${ActionButton} act=${test} class="primary">Send a test event<//>
    </div>
    <div role="status">${result && html`<${Result} result=${result} />`}</div>
  </section>`;
}

function Result({ result: { delivered, status, durationMs, error, response, eventId } }) {
  return html`<dl class="settings test-result" data-delivered=${String(delivered)}>
    <div><dt>Result</dt><dd><strong>${delivered ? "✓ Delivered" : "! Not delivered"}</strong>${error && ` ${error}`}</dd></div>
    <div><dt>Answer</dt><dd><${Status} status=${status} /> after ${duration(durationMs ?? 0)}</dd></div>
    ${response && html`<div><dt>Response</dt><dd><pre>${response}</pre></dd></div>`}
    <div><dt>Event</dt><dd class="hint id">${eventId}</dd></div>
  </dl>`;
}
