// Signing in with an access token: as a page of its own, and in a dialog over a page when a token has ended,
// so that nothing is lost that was typed there.
import { html, useEffect, useRef, useState } from "./view.js";
import { readAccount } from "./destination_queries.js";
import { FormField } from "./form_field.js";
import { signIn, signOut } from "./session.js";

function SignInForm() {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const field = useRef(null);
  const first = () => field.current?.querySelector("input")?.focus();
  // The attribute counts when a document is loaded, and this comes later.
  useEffect(first, []);
  const onSubmit = async (event) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    const typed = token.trim();
    // Other characters cannot be in a header.
    if (!/^[\x21-\x7e]+$/.test(typed)) {
      setProblem(typed ? "A token has no blanks and no special letters." : "Paste an access token.");
      return;
    }
    setBusy(true);
    setProblem(null);
    try {
      await readAccount(typed);
      signIn(typed);
    } catch (error) {
      setProblem(error.message);
      first();
    }
    setBusy(false);
  };
  return html`<form onSubmit=${onSubmit} ref=${field} novalidate>
    <${FormField}
      label="Access token"
      hint="One of the scope API. It is kept in this browser tab only."
      name="token"
      type="password"
      value=${token}
      problems=${problem && [problem]}
      onText=${setToken}
    />
    <button type="submit" class="primary" aria-busy=${busy}>Sign in</button>
  </form>`;
}

/** The whole page, for who is not signed in. */
export function SignInPage() {
  return html`<main class="sign-in">
    <h1><img src="/-/console/icon.svg" alt="" width="32" height="32" /> Auditstream console</h1>
    <p>See whether audit events arrive, and decide where they go.</p>
    <${SignInForm} />
    <p class="hint">
      An instance admin makes tokens, with <code>accessTokenCreate</code> or <code>auditstream</code> on the
      command line.
    </p>
  </main>`;
}

/** Over the page, when the token that was used is not taken any more. */
export function SignInDialog() {
  const dialog = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    const shown = dialog.current;
    shown.showModal();
    return () => {
      shown.close();
      before?.focus();
    };
  }, []);
  // Escape would leave a page that can do nothing. Chromium lets nobody prevent a second one.
  const onCancel = (event) => event.preventDefault();
  const onClose = ({ target }) => {
    if (target.isConnected) {
      target.showModal();
    }
  };
  return html`<dialog ref=${dialog} onCancel=${onCancel} onClose=${onClose} aria-labelledby="again-title">
    <h2 id="again-title">Sign in again</h2>
    <p>Your access token is not valid any more: it has ended or was revoked. What you typed is still here.</p>
    <${SignInForm} />
    <p><button type="button" class="link" onClick=${signOut}>Leave instead, and lose what is not saved</button></p>
  </dialog>`;
}
