// From what was typed to mutations, and from their answers to the fields that they concern. No page in here.
import { kind } from "./destination_queries.js";

/** What a form begins with: a destination as it is, or an empty one. */
export function draftOf(destination) {
  return {
    name: destination?.name ?? "",
    url: destination?.destinationUrl ?? "",
    token: "",
    active: destination?.active ?? true,
    headers: (destination?.headers.nodes ?? []).map((header) => ({ ...header, row: header.id })),
    eventTypes: [...(destination?.eventTypeFilters ?? [])],
    namespaces: (destination?.namespaceFilters ?? []).map(({ id, namespace }) => ({
      id,
      row: id,
      path: namespace.fullPath,
    })),
  };
}

/** Whether a draft says something else than the destination that it was made from. */
export function isChanged(before, draft) {
  return JSON.stringify(before) !== JSON.stringify(draft);
}

/** The step that makes a destination. */
export function creation(scope, draft) {
  const { create, destination } = kind(scope);
  const input = {
    destinationUrl: draft.url.trim(),
    // One made up here tells what is made from what others make, even when there is no answer.
    name: draft.name.trim() || madeUpName(),
    ...(scope.kind === "group" ? { groupPath: scope.fullPath } : {}),
    // The API takes it in groups only, so that the form has it in groups only.
    ...(draft.token ? { verificationToken: draft.token } : {}),
    // It gets events when all of what narrows them is there.
    ...(hasDetails(draft) ? { active: false } : {}),
  };
  return { mutation: create, input, selection: `${destination} { id }`, of: { field: "destination" } };
}

/** As the API makes them: `Destination_` and a UUID. */
function madeUpName() {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"));
  return `Destination_${hex.join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}`;
}

/**
 * The id of the destination that a creation without an answer has made, or null: one of its name and URL that was
 * not there right before. `before` and `now` are what destinations there were and are.
 */
export function madeOf({ name, destinationUrl }, before, now) {
  const known = new Set(before.map(({ id }) => id));
  const isIt = (one) => !known.has(one.id) && one.name === name && one.destinationUrl === destinationUrl;
  return now.find(isIt)?.id ?? null;
}

/** Whether a draft says more than a creation can. */
function hasDetails(draft) {
  return [draft.headers, draft.eventTypes, draft.namespaces].some((list) => list.length > 0);
}

/** The draft with the ids of what the service has by now: what was saved is not to be made again. */
export function adopt(draft, destination) {
  const headers = destination.headers.nodes;
  const own = new Set(draft.headers.map(({ id }) => id));
  return {
    ...draft,
    headers: draft.headers.map((header) => ({
      ...header,
      id: (headers.find(({ id }) => id === header.id) ?? headers.find(({ id, key }) => key === header.key && !own.has(id)))?.id,
    })),
    namespaces: draft.namespaces.map((one) => {
      const isIt = ({ namespace }) => namespace.fullPath.toLowerCase() === one.path.trim().toLowerCase();
      const found = destination.namespaceFilters.find(isIt);
      return { ...one, id: found?.id, path: found?.namespace.fullPath ?? one.path };
    }),
  };
}

/**
 * The steps that make a destination what the draft says. Those that widen what it gets come later, each by
 * `later`: `"field"`, when what was said of the same field was accepted, or `"all"`, when everything was.
 * A filter that is refused must not leave the destination with fewer filters than before.
 */
export function changes(scope, destination, draft) {
  const names = kind(scope);
  const before = draftOf(destination);
  const steps = [];
  const step = (mutation, input, of, selection) => steps.push({ mutation, input, of, selection });
  const later = (when, mutation, input, of) => steps.push({ mutation, input, of, later: when });

  const input = {};
  if (draft.name !== before.name) {
    input.name = draft.name.trim();
  }
  if (draft.url !== before.url) {
    input.destinationUrl = draft.url.trim();
  }
  if (draft.token) {
    input.verificationToken = draft.token;
  }
  if (before.active && !draft.active) {
    input.active = false;
  }
  if (Object.keys(input).length) {
    step(names.update, { id: destination.id, ...input }, { field: "destination" });
  }

  // What is removed first makes room for what is added, within the limits.
  for (const { id } of before.headers) {
    if (!draft.headers.some((header) => header.id === id)) {
      // The row is not there any more, where it could be said that this was refused.
      step(names.headerDestroy, { headerId: id }, { field: "headers" });
    }
  }
  for (const { id, row, key, value, active } of draft.headers) {
    const of = { field: "headers", row };
    const old = before.headers.find((header) => header.id === id);
    if (!old) {
      step(names.headerCreate, { destinationId: destination.id, key, value, active }, of, "header { id key value active }");
    } else if (old.key !== key || old.value !== value || old.active !== active) {
      step(names.headerUpdate, { headerId: id, key, value, active }, of);
    }
  }

  const removed = before.eventTypes.filter((name) => !draft.eventTypes.includes(name));
  const added = draft.eventTypes.filter((name) => !before.eventTypes.includes(name));
  // Added first: between the two the destination would get everything, were the last filter removed.
  if (added.length) {
    step(names.eventTypesAdd, { destinationId: destination.id, eventTypeFilters: added }, { field: "eventTypes" });
  }
  if (removed.length) {
    later("field", names.eventTypesRemove, { destinationId: destination.id, eventTypeFilters: removed }, { field: "eventTypes" });
  }

  for (const { id, row, path } of draft.namespaces) {
    const old = before.namespaces.find((filter) => filter.id === id);
    if (old?.path !== path) {
      const input = { destinationId: destination.newerId, namespacePath: path.trim() };
      step(names.namespaceCreate, input, { field: "namespaces", row });
    }
  }
  for (const { id, path } of before.namespaces) {
    if (draft.namespaces.find((filter) => filter.id === id)?.path !== path) {
      later("field", names.namespaceDelete, { namespaceFilterId: id }, { field: "namespaces" });
    }
  }
  if (draft.active && !before.active) {
    later("all", names.update, { id: destination.id, active: true }, { field: "destination" });
  }
  return steps;
}

/** Carries the steps out, those for later as far as they may be; what was answered. */
export async function carryOut(steps, mutate) {
  const answers = [];
  const refused = () => answers.filter(({ errors }) => errors.length).map(({ of }) => of.field);
  for (const [when, may] of [
    [undefined, () => true],
    ["field", ({ of }) => !refused().includes(of.field)],
    ["all", () => refused().length === 0],
  ]) {
    const now = steps.filter((step) => step.later === when && may(step));
    if (now.length) {
      answers.push(...(await mutate(now)));
    }
  }
  return answers;
}

/** Which input of the form a sentence of the API is about. */
const ABOUT = [
  [/^Destination url/, "url"],
  [/^Name/, "name"],
  [/^(Verification|Secret) token/, "token"],
  [/^Value/, "value"],
];

/**
 * What is wrong, by the place where it is to be shown: `name`, `url`, `token`, `eventTypes`, `headers`,
 * `<row>` and `<row>.value` of a header or namespace, or `form`.
 */
export function problemsOf(answers) {
  const problems = {};
  for (const { of, errors } of answers) {
    for (const sentence of errors) {
      const place = placeOf(of, sentence);
      const there = (problems[place] ??= []);
      if (!there.includes(sentence)) {
        there.push(sentence);
      }
    }
  }
  return problems;
}

function placeOf({ field, row }, sentence) {
  const input = ABOUT.find(([pattern]) => pattern.test(sentence))?.[1];
  if (field === "destination") {
    return input ?? "form";
  }
  if (field === "headers") {
    if (/^Headers are limited/.test(sentence)) {
      return "headers";
    }
    return input === "value" ? `${row}.value` : (row ?? "headers");
  }
  return row ?? field;
}
