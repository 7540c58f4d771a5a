// The token and the signing secret of a destination: shown on demand, changed on demand.
import { html, useState } from "./view.js";
import { ActionButton } from "./action_button.js";
import { announce } from "./announcement.js";
import { mutateOne } from "./api.js";
import { confirm } from "./confirm_dialog.js";
import { kind, readSecrets } from "./destination_queries.js";

/** Characters of a token: the most that the API takes. */
const TOKEN_LENGTH = 24;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_LENGTH));
  // 64 letters, so that each is as likely as another.
  return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
}

export function Secrets({ scope, place, destination }) {
  const [shown, setShown] = useState({});
  const show = (name) => async () => {
    const secrets = await readSecrets(scope, place, destination.id);
    setShown((old) => ({ ...old, [name]: secrets[name] }));
  };
  const hide = (name) => () => setShown((old) => ({ ...old, [name]: undefined }));
  const rotateToken = async () => {
    const sure = await confirm({
      title: "Make a new token?",
      text: "From now on requests carry the new token. Until the receiver knows it, it may refuse them; they wait then.",
      action: "Make a new token",
    });
    if (sure) {
      const verificationToken = newToken();
      await mutateOne(kind(scope).update, { id: destination.id, verificationToken });
      setShown((old) => ({ ...old, verificationToken }));
      announce("The destination has a new token.");
    }
  };
  const rotateSecret = async () => {
    const sure = await confirm({
      title: "Make a new signing secret?",
      text: "For 24 hours requests are signed with the old one as well, so that the receiver can change over.",
      action: "Make a new secret",
    });
    if (sure) {
      const input = { destinationId: destination.id };
      const { signingSecret } = await mutateOne("auditEventStreamingSigningSecretRotate", input, "signingSecret");
      setShown((old) => ({ ...old, signingSecret }));
      announce("The destination has a new signing secret.");
    }
  };
  const secret = (title, name, hint, rotate) => html`<div class="secret">
    <dt>${title}</dt>
    <dd>
      ${shown[name] ? html`<code class="shown">${shown[name]}</code>` : html`<span aria-hidden="true">••••••••••••</span>`}
      <span class="actions">
        <${ActionButton} act=${shown[name] ? hide(name) : show(name)} aria-label=${`${shown[name] ? "Hide" : "Show"} ${title}`}>
          ${shown[name] ? "Hide" : "Show"}
        <//>
        <${ActionButton} act=${rotate} aria-label=${`Rotate ${title}`}>Rotate…<//>
      </span>
      <p class="hint">${hint}</p>
    </dd>
  </div>`;
  return html`
    ${secret("Verification token", "verificationToken", "In X-Gitlab-Event-Streaming-Token of each request.", rotateToken)}
    ${secret("Signing secret", "signingSecret", "What webhook-signature is made with, as Standard Webhooks has it.", rotateSecret)}
  `;
}
