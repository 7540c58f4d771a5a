// What is read of the events and messages that were set aside: dead letters and rejected messages.
import { query } from "./api.js";
import { readPage } from "./destination_queries.js";

/** Rows of a page. */
const ROWS = 25;
const DEAD_LETTER = "id eventId eventType attempts lastStatus lastError diedAt replayRequestedAt body";
const REJECTED_MESSAGE = "id reason rejectedAt bodyBytes excerpt replayable replayRequestedAt";

/** A part of the dead letters of a destination; null, when the destination is gone. */
export async function readDeadLetters(scope, place, id, after, fields = DEAD_LETTER) {
  const selection = `id deadLetters(first: ${ROWS}, after: $row) { count nodes { ${fields} } pageInfo { hasNextPage endCursor } }`;
  const { destinations } = await readPage(scope, { first: 1, after: place, row: after }, selection);
  return destinations.find((destination) => destination.id === id)?.deadLetters ?? null;
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
