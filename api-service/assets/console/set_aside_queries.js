// What is read of the events and messages that were set aside: dead letters and rejected messages.
import { query } from "./api.js";
import { readPage } from "./destination_queries.js";

/** Rows of a page. */
const ROWS = 25;
const DEAD_LETTER = "id eventId eventType attempts lastStatus lastError diedAt replayRequestedAt";
const REJECTED_MESSAGE = "id reason rejectedAt bodyBytes excerpt replayable replayRequestedAt";

/** A part of the dead letters of a destination, each with its `place` before it; null, when the destination is gone. */
export async function readDeadLetters(scope, place, id, after, fields = DEAD_LETTER, rows = ROWS) {
  const selection = `id deadLetters(first: ${rows}, after: $row) { count edges { cursor node { ${fields} } } pageInfo { hasNextPage endCursor } }`;
  const { destinations } = await readPage(scope, { first: 1, after: place, row: after }, selection);
  const letters = destinations.find((destination) => destination.id === id)?.deadLetters;
  if (!letters) {
    return null;
  }
  const { edges, ...page } = letters;
  return { ...page, nodes: edges.map(({ node }, index) => ({ ...node, place: index ? edges[index - 1].cursor : after })) };
}

/** The event of a dead letter, which may be a megabyte. */
export async function readDeadEvent(scope, place, id, letter) {
  const page = await readDeadLetters(scope, place, id, letter.place, "id body", 1);
  const found = page?.nodes.find((one) => one.id === letter.id);
  if (!found?.body) {
    throw new Error("The dead letter is not there any more.");
  }
  return found.body;
}

/** A part of the rejected messages. */
export async function readRejectedMessages(after, fields = REJECTED_MESSAGE) {
  const document = `query($after: String) { list: auditEventStreamingRejectedMessages(first: ${ROWS}, after: $after) {
    count nodes { ${fields} } pageInfo { hasNextPage endCursor }
  } }`;
  return (await query(document, { after })).list;
}

/** How many rejected messages there are. */
export async function countRejectedMessages() {
  return (await query("{ list: auditEventStreamingRejectedMessages(first: 1) { count } }")).list.count;
}
