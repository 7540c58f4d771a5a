// The events that a destination never took.
import { html } from "./view.js";
import { BodyOnDemand } from "./body.js";
import { Status } from "./failed_attempts.js";
import { BeingReplayed, SetAside } from "./set_aside.js";
import { readDeadEvent, readDeadLetters } from "./set_aside_queries.js";
import { Moment } from "./times.js";

const MUTATIONS = { replay: "auditEventStreamingDeadLettersReplay", purge: "auditEventStreamingDeadLettersPurge" };
const columns = (read) => [
  {
    title: "Event",
    cell: (letter) => html`<code>${letter.eventType}</code>
      <div class="hint id">${letter.eventId}</div>
      <${BodyOnDemand} title="Event" read=${() => read(letter)} />`,
  },
  { title: "Given up", cell: ({ diedAt }) => html`<${Moment} at=${diedAt} />` },
  { title: "Attempts", cell: ({ attempts }) => html`<span class="number">${attempts}</span>` },
  { title: "Last answer", cell: ({ lastStatus }) => html`<${Status} status=${lastStatus} />` },
  {
    title: "What went wrong",
    cell: ({ lastError, replayRequestedAt }) => html`${lastError} <${BeingReplayed} at=${replayRequestedAt} />`,
  },
];

export function DeadLetters({ scope, place, destination }) {
  return html`<${SetAside}
    isPart
    name="letters"
    title="Dead letters"
    noun="dead letter"
    again="delivered"
    hint="Events that were refused for good, waited until the retention was over, or were moved here."
    none="None: what was for the destination is delivered, or waits."
    read=${(after, fields) => readDeadLetters(scope, place, destination.id, after, fields)}
    mutations=${MUTATIONS}
    input=${{ destinationId: destination.id }}
    columns=${columns((letter) => readDeadEvent(scope, place, destination.id, letter))}
    label=${({ eventId }) => eventId}
  />`;
}
