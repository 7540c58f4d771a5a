// The access token. It stays in this tab: it is gone when the tab is closed.
const KEY = "auditstream.token";
const watchers = new Set();
let refused = false;

/** The token; null before somebody signed in. */
export function token() {
  return sessionStorage.getItem(KEY);
}

/** Whether the service has refused the token since somebody signed in. */
export function isRefused() {
  return refused;
}

/** Keeps a token that the service takes. */
export function signIn(text) {
  sessionStorage.setItem(KEY, text);
  change(false);
}

/** Forgets the token. */
export function signOut() {
  sessionStorage.removeItem(KEY);
  change(false);
}

/** To be told when the service refuses a token that a request was sent with. */
export function refuse(sent) {
  // One that was replaced meanwhile says nothing of the new one.
  if (sent === token()) {
    change(true);
  }
}

/** Calls back at each change; what it returns ends that. */
export function watchSession(callback) {
  watchers.add(callback);
  return () => watchers.delete(callback);
}

function change(isNowRefused) {
  refused = isNowRefused;
  for (const callback of watchers) {
    callback();
  }
}
