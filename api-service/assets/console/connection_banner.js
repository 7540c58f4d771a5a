// Says when what is shown is not what is, and why.
import { html } from "./view.js";

const MEANINGS = {
  unreachable: "The connection to the service is lost.",
  unavailable: "The service cannot answer at the moment.",
  limited: "Too many requests were made with this token.",
  refused: "You may not see this, or it does not exist.",
  faulty: "The service could not answer.",
};

/** Above what `usePolling` gave; nothing while all is well. An expired token has a dialog of its own. */
export function ConnectionBanner({ polled: { error, at } }) {
  if (!error || error.kind === "expired") {
    return null;
  }
  const said = MEANINGS[error.kind];
  return html`<div class="banner" role="alert">
    <strong>${said}</strong>
    ${" "}${["faulty", "limited", "refused"].includes(error.kind) && html`${error.message} `}
    ${at ? `This is how it was at ${at.toLocaleTimeString()}.` : ""} It is tried again by itself.
  </div>`;
}
