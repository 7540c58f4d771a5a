// Which page is shown. It stands behind the # of the address, so that the service has one page to serve.
import { useEffect, useState } from "./view.js";

let isUnsaved = () => false;
let ask = async () => true;
let shown = location.hash;

/** What a scope is called. */
export function scopeName(scope) {
  return { all: "Everything", instance: "Instance" }[scope.kind] ?? scope.fullPath;
}

/**
 * The address of a page: `{ scope, page, number }`. The scope of the kind `all` has a list only, and that of
 * the instance alone has rejected messages.
 */
export function address({ scope, page = "list", number }) {
  if (scope.kind === "all") {
    return "#/all";
  }
  const base = scope.kind === "group" ? `#/groups/${encodeURIComponent(scope.fullPath)}` : "#/instance";
  return {
    list: base,
    new: `${base}/new`,
    destination: `${base}/destinations/${number}`,
    edit: `${base}/destinations/${number}/edit`,
    rejected: `${base}/rejected-messages`,
  }[page];
}

/** The page of an address: `nothing`, without a scope, for one that there is not, and null when none is said. */
export function parse(hash) {
  if (/^#?\/?$/.test(hash)) {
    return null;
  }
  if (hash === "#/all") {
    return { scope: { kind: "all" }, page: "list" };
  }
  if (hash === "#/instance/rejected-messages") {
    return { scope: { kind: "instance" }, page: "rejected" };
  }
  const found = hash.match(/^#\/(?:instance|groups\/([^/]+))(?:\/(new)|\/destinations\/(\d+)(\/edit)?)?$/);
  const [, group, isNew, number, isEdit] = found ?? [];
  const fullPath = group && decoded(group);
  if (!found || fullPath === null) {
    return { page: "nothing" };
  }
  const scope = group ? { kind: "group", fullPath } : { kind: "instance" };
  const page = isNew ? "new" : isEdit ? "edit" : number ? "destination" : "list";
  return { scope, page, number };
}

/** The text of a part of an address; null, when it is none. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

export function go(route) {
  location.hash = address(route);
}

/** Lets nobody leave a page with something unsaved unasked. `question` resolves to whether to leave. */
export function guard(unsaved, question) {
  isUnsaved = unsaved;
  ask = question;
  return () => {
    isUnsaved = () => false;
  };
}

/** Whether the page has something unsaved. */
export function hasUnsaved() {
  return isUnsaved();
}

/** Whether the page may be left: nothing is unsaved, or it is to be lost. */
export async function mayLeave() {
  return !isUnsaved() || (await ask());
}

/** Goes to another address, unless something unsaved is to be kept; whether it does. */
export async function leaveFor(wanted) {
  const leaves = await mayLeave();
  if (leaves) {
    isUnsaved = () => false;
    location.hash = wanted;
  }
  return leaves;
}

/** The current page, kept up to date. */
export function useRoute() {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const arrive = () => {
      shown = location.hash;
      setRoute(parse(shown));
    };
    const onHashChange = async () => {
      const wanted = location.hash;
      if (wanted === shown) {
        return;
      }
      if (isUnsaved()) {
        history.pushState(null, "", shown);
        await leaveFor(wanted);
        return;
      }
      arrive();
    };
    const onBeforeUnload = (event) => {
      if (isUnsaved()) {
        event.preventDefault();
      }
    };
    arrive();
    addEventListener("hashchange", onHashChange);
    addEventListener("beforeunload", onBeforeUnload);
    return () => {
      removeEventListener("hashchange", onHashChange);
      removeEventListener("beforeunload", onBeforeUnload);
    };
  }, []);
  return route;
}
