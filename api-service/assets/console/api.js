// Speaks GraphQL with the service, and tells the ways apart in which that can fail.
import { refuse, token } from "./session.js";

const ENDPOINT = "/api/graphql";
/** After how many milliseconds a request counts as lost. The service answers within 30 seconds. */
const PATIENCE = 40_000;

/** A request that was not answered with what it asked for. */
export class ApiError extends Error {
  /** @param kind `expired`, `unreachable`, `limited`, `refused`, `unavailable` or `faulty` */
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** The data of a query; an ApiError when there is any error. */
export async function query(document, variables = {}, sentToken = token()) {
  const { data, errors } = await send(document, variables, sentToken);
  if (errors?.length) {
    const [error] = errors;
    throw new ApiError(kindOf(error.extensions?.code), error.message);
  }
  return data;
}

/**
 * Carries out mutations in one request, in their order. Each step is
 * `{ mutation, input, selection, of }`; each answer `{ payload, errors, of }`, where the errors are
 * sentences: a refused step leaves the others in place.
 */
export async function mutate(steps) {
  const variables = {};
  const declared = [];
  const fields = steps.map(({ mutation, input, selection = "" }, number) => {
    const type = `${mutation[0].toUpperCase()}${mutation.slice(1)}Input`;
    variables[`i${number}`] = input;
    declared.push(`$i${number}: ${type}!`);
    return `s${number}: ${mutation}(input: $i${number}) { errors ${selection} }`;
  });
  const document = `mutation(${declared.join(", ")}) { ${fields.join("\n")} }`;
  const { data, errors = [] } = await send(document, variables, token());
  const whole = errors.find((error) => !error.path);
  if (whole) {
    throw new ApiError(kindOf(whole.extensions?.code), whole.message);
  }
  return steps.map(({ of }, number) => {
    const name = `s${number}`;
    const payload = data?.[name] ?? null;
    const atTheTop = errors.filter((error) => error.path[0] === name);
    return {
      of,
      payload,
      errors: [...(payload?.errors ?? []), ...atTheTop.flatMap(({ message }) => sentences(message))],
    };
  });
}

/** Carries out one mutation, and returns its payload; an ApiError with what is wrong. */
export async function mutateOne(mutation, input, selection) {
  const [{ payload, errors }] = await mutate([{ mutation, input, selection }]);
  if (errors.length) {
    throw new ApiError("refused", errors.join(" "));
  }
  return payload;
}

async function send(document, variables, sentToken) {
  let response;
  try {
    response = await fetch(ENDPOINT, {
      method: "POST",
      credentials: "omit",
      cache: "no-store",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${sentToken}` },
      body: JSON.stringify({ query: document, variables }),
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    throw new ApiError("unreachable", "The service cannot be reached.");
  }
  if (response.status === 401) {
    refuse(sentToken);
    throw new ApiError("expired", "The access token is not valid: it has ended, was revoked, or was mistyped.");
  }
  let answer;
  try {
    answer = await response.json();
  } catch {
    // A proxy in between, or an answer that was cut off.
    throw new ApiError("unreachable", `The service gave no proper answer (status ${response.status}).`);
  }
  if (!response.ok) {
    const kind = { 429: "limited", 503: "unavailable" }[response.status] ?? "faulty";
    throw new ApiError(kind, answer.errors?.[0]?.message ?? `The service answered with status ${response.status}.`);
  }
  return answer;
}

function kindOf(code) {
  return { FORBIDDEN: "refused", UNAVAILABLE: "unavailable", TIMEOUT: "unavailable" }[code] ?? "faulty";
}

/** The sentences of a message such as `Validation failed: Name is too long, Destination url can't be blank`. */
function sentences(message) {
  const list = message.match(/^Validation failed: (.*)$/s)?.[1];
  return list ? list.split(/, (?=[A-Z])/) : [message];
}
