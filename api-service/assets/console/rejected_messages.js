// The messages that came over AMQP and are no valid events, for instance admins.
import { html } from "./view.js";
import { Body } from "./body.js";
import { usePolling } from "./polling.js";
import { address, scopeName } from "./routes.js";
import { BeingReplayed, SetAside } from "./set_aside.js";
import { countRejectedMessages, readRejectedMessages } from "./set_aside_queries.js";
import { count, Moment } from "./times.js";

/** How often they are counted, in milliseconds. */
const COUNTED_EVERY = 10_000;
/** Bytes of a message that the API shows. */
const EXCERPT = 1024;
const MUTATIONS = {
  replay: "auditEventStreamingRejectedMessagesReplay",
  purge: "auditEventStreamingRejectedMessagesPurge",
};
const COLUMNS = [
  {
    title: "Why",
    cell: ({ reason, excerpt, bodyBytes, replayRequestedAt }) => html`${reason} <${BeingReplayed} at=${replayRequestedAt} />
      ${excerpt ? html`<${Body} title=${bodyBytes > EXCERPT ? "Beginning of the message" : "Message"} text=${excerpt} />` : html`<div class="hint">It is empty.</div>`}`,
  },
  { title: "Rejected", cell: ({ rejectedAt }) => html`<${Moment} at=${rejectedAt} />` },
  { title: "Size", cell: ({ bodyBytes }) => html`<span class="number">${count(bodyBytes, "byte")}</span>` },
  {
    title: "Replay",
    cell: ({ replayable }) => (replayable ? "possible" : "not possible: only its beginning was kept"),
  },
];

export function RejectedMessages({ scope }) {
  return html`
    <p class="way"><a href=${address({ scope })}>Destinations of ${scopeName(scope)}</a></p>
    <div class="title"><h1 tabindex="-1">Rejected messages <small>${scopeName(scope)}</small></h1></div>
    <${SetAside}
      name="rejected"
      title="Messages"
      noun="rejected message"
      again="published"
      hint="They came over AMQP and got to no destination: they are no valid events, or were redelivered too often. A replay publishes them as they are: what is still no valid event is rejected again."
      none="None: what came over AMQP was taken, or is replayed or purged by now."
      read=${readRejectedMessages}
      mutations=${MUTATIONS}
      input=${{}}
      columns=${COLUMNS}
      label=${({ id, reason }) => `message ${id.slice(id.lastIndexOf("/") + 1)}: ${reason}`}
    />
  `;
}

/** To the page, while there are any. */
export function RejectedMessagesLink() {
  const { data: there } = usePolling(countRejectedMessages, COUNTED_EVERY, []);
  if (!there) {
    return null;
  }
  const link = address({ scope: { kind: "instance" }, page: "rejected" });
  return html`<p class="banner">
    <a href=${link}>${count(there, "rejected message")}</a> got to no destination.
  </p>`;
}
