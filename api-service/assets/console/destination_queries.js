// What the console reads, and the names of the mutations on both levels.
import { ApiError, query } from "./api.js";

/** Most destinations of one answer: each has an hour of figures, and an answer 20,000 values at most. */
const PAGE = 40;
/** Minutes of the figures in a list. */
const LIST_MINUTES = 60;

const KINDS = {
  group: {
    lists: ["externalAuditEventDestinations", "externalAuditEventStreamingDestinations"],
    create: "externalAuditEventDestinationCreate",
    update: "externalAuditEventDestinationUpdate",
    destroy: "externalAuditEventDestinationDestroy",
    destination: "externalAuditEventDestination",
    headerCreate: "auditEventsStreamingHeadersCreate",
    headerUpdate: "auditEventsStreamingHeadersUpdate",
    headerDestroy: "auditEventsStreamingHeadersDestroy",
    eventTypesAdd: "auditEventsStreamingDestinationEventsAdd",
    eventTypesRemove: "auditEventsStreamingDestinationEventsRemove",
    namespaceCreate: "auditEventsGroupDestinationNamespaceFilterCreate",
    namespaceDelete: "auditEventsGroupDestinationNamespaceFilterDelete",
  },
  instance: {
    lists: ["instanceExternalAuditEventDestinations", "auditEventsInstanceStreamingDestinations"],
    create: "instanceExternalAuditEventDestinationCreate",
    update: "instanceExternalAuditEventDestinationUpdate",
    destroy: "instanceExternalAuditEventDestinationDestroy",
    destination: "instanceExternalAuditEventDestination",
    headerCreate: "auditEventsStreamingInstanceHeadersCreate",
    headerUpdate: "auditEventsStreamingInstanceHeadersUpdate",
    headerDestroy: "auditEventsStreamingInstanceHeadersDestroy",
    eventTypesAdd: "auditEventsStreamingDestinationInstanceEventsAdd",
    eventTypesRemove: "auditEventsStreamingDestinationInstanceEventsRemove",
    namespaceCreate: "auditEventsInstanceDestinationNamespaceFilterCreate",
    namespaceDelete: "auditEventsInstanceDestinationNamespaceFilterDelete",
  },
};

const OF_ALL = "id name active destinationUrl eventTypeFilters";
const HEALTH = "state since backlogSize backlogOldestAt nextAttemptAt lastSuccessAt lastFailure { at status error }";
const STATS = "stats(minutes: $minutes) { minute delivered failed lagMs }";

/** The mutations of a scope. */
export function kind(scope) {
  return KINDS[scope.kind];
}

/** The number at the end of a global id, by which a page's address names a destination. */
export function numberOf(id) {
  return id.slice(id.lastIndexOf("/") + 1);
}

/** Who is signed in, and the groups whose destinations that is to administer, by name. */
export function readAccount(token) {
  return readUserAndGroups(false, token);
}

/** Those of the groups that have any destination, by name. */
export async function readGroupsWithDestinations() {
  return (await readUserAndGroups(true)).groups;
}

async function readUserAndGroups(withDestinations, token) {
  const document = `query($withDestinations: Boolean!, $after: String) {
    currentUser { username name admin }
    auditEventStreamingGroups(withDestinations: $withDestinations, first: 100, after: $after) {
      nodes { name fullPath } pageInfo { hasNextPage endCursor }
    }
  }`;
  const groups = [];
  let user;
  let after = null;
  do {
    const data = await query(document, { withDestinations, after }, token);
    user = data.currentUser;
    groups.push(...data.auditEventStreamingGroups.nodes);
    const { hasNextPage, endCursor } = data.auditEventStreamingGroups.pageInfo;
    after = hasNextPage ? endCursor : null;
  } while (after);
  groups.sort((one, other) => one.fullPath.localeCompare(other.fullPath));
  return { user, groups };
}

/** All destinations of a scope with how they do, the oldest first. */
export function readDestinations(scope) {
  const selection = `${OF_ALL} health { ${HEALTH} ${STATS} } deadLetters(first: 1) { count }`;
  return readEach(scope, { first: PAGE, minutes: LIST_MINUTES }, selection);
}

/** What destinations of a scope there are: each `{ id, name, destinationUrl }`. */
export function readOutlines(scope) {
  return readEach(scope, { first: 100 }, "id name destinationUrl");
}

/** All destinations of a scope, page by page. `part` is that of `readPage`, without its beginning. */
async function readEach(scope, part, selection) {
  const destinations = [];
  let after = null;
  do {
    const page = await readPage(scope, { ...part, after }, selection);
    destinations.push(...page.destinations);
    after = page.hasNextPage ? page.endCursor : null;
  } while (after);
  return destinations;
}

/** A place in the list of destinations: what `readDestination` finds one by. Undefined: there is none. */
export async function locate(scope, number) {
  let after = null;
  for (;;) {
    const page = await readPage(scope, { first: 100, after }, "id");
    for (const [cursor, { id }] of page.edges) {
      if (numberOf(id) === number) {
        return after;
      }
      after = cursor;
    }
    if (!page.hasNextPage) {
      return undefined;
    }
  }
}

/** The destination of this number behind a place in the list; null, when it is gone. */
export async function readDestination(scope, place, number, minutes) {
  const selection = `${OF_ALL} headers(first: 100) { nodes { id key value active } }
    health { ${HEALTH} ${STATS} failedAttempts { eventId eventType attemptedAt durationMs status error response } }
    deadLetters(first: 1) { count }`;
  const { destinations } = await readPage(scope, { first: 1, after: place, minutes }, selection);
  return destinations.find(({ id }) => numberOf(id) === number) ?? null;
}

/** What only who asks for it should see: `{ verificationToken, signingSecret }`. */
export async function readSecrets(scope, place, id) {
  const { destinations } = await readPage(scope, { first: 1, after: place }, "id verificationToken signingSecret");
  // The one behind the place is another one when this was destroyed meanwhile.
  const [found] = destinations.filter((destination) => destination.id === id);
  if (!found) {
    throw new Error("The destination is not there any more.");
  }
  return found;
}

const TYPES = { first: "Int", after: "String", minutes: "Int!", row: "String", fullPath: "ID!" };

/**
 * A part of a scope's destinations. Beside `first` and `after`, the selection may use variables of `TYPES`.
 * Namespace filters are shown by the newer generation of the API alone.
 */
export async function readPage(scope, { first, after, ...others }, selection) {
  const [older, newer] = kind(scope).lists;
  const withFilters = /\bname\b/.test(selection);
  const lists = `list: ${older}(first: $first, after: $after) { edges { cursor node { ${selection} } } pageInfo { hasNextPage endCursor } }
    ${withFilters ? `newer: ${newer}(first: $first, after: $after) { nodes { id name namespaceFilters { id namespace { fullPath } } } }` : ""}`;
  const isGroup = scope.kind === "group";
  const variables = { first, after, ...others, ...(isGroup ? { fullPath: scope.fullPath } : {}) };
  const declared = Object.keys(variables).map((name) => `$${name}: ${TYPES[name]}`);
  const document = `query(${declared.join(", ")}) { ${isGroup ? `group(fullPath: $fullPath) { ${lists} }` : lists} }`;
  const data = await query(document, variables);
  const found = isGroup ? data.group : data;
  if (!found?.list) {
    // The API tells nobody more than that.
    throw new ApiError("refused", "");
  }
  // Names are unique among the destinations of a scope.
  const filters = new Map((found.newer?.nodes ?? []).map((node) => [node.name, node]));
  const edges = found.list.edges.map(({ cursor, node }) => [cursor, node]);
  return {
    edges,
    destinations: edges.map(([, node]) => ({
      ...node,
      newerId: filters.get(node.name)?.id,
      namespaceFilters: filters.get(node.name)?.namespaceFilters ?? [],
    })),
    ...found.list.pageInfo,
  };
}

let catalogue;

/** The event types that can be filtered on, by name. Read once: they change with the service only. */
export async function readEventTypes() {
  if (!catalogue) {
    const document = `query($after: String) { auditEventDefinitions(first: 100, after: $after) {
      nodes { name description featureCategory } pageInfo { hasNextPage endCursor }
    } }`;
    const types = [];
    let after = null;
    do {
      const { auditEventDefinitions: page } = await query(document, { after });
      types.push(...page.nodes);
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after);
    catalogue = types;
  }
  return catalogue;
}
