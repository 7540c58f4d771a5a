// The groups and projects that a destination is limited to, one row each.
import { html } from "./view.js";
import { FormField, Problems } from "./form_field.js";
import { useRowFocus } from "./row_focus.js";

let rows = 0;

export function NamespaceRows({ scope, namespaces, problems, onChange }) {
  const { rows: place, onAdded, onRemoved } = useRowFocus();
  const add = () => {
    onChange([...namespaces, { row: `new-namespace-${++rows}`, path: "" }]);
    onAdded();
  };
  const remove = (row) => {
    onChange(namespaces.filter((one) => one.row !== row));
    onRemoved();
  };
  const example = scope.kind === "group" ? `${scope.fullPath}/web` : "acme/web";
  return html`<fieldset ref=${place}>
    <legend>Groups and projects</legend>
    <p class="hint">
      ${namespaces.length
        ? "Only events of these, and of what is in them."
        : `None named: events of ${scope.kind === "group" ? "the whole group" : "the whole instance"}.`}
    </p>
    <${Problems} of=${problems.namespaces} />
    ${namespaces.map(
      ({ row, path }, index) => html`<div class="row" key=${row} role="group" aria-label=${`Group or project ${index + 1}`}>
        <${FormField}
          label="Full path"
          placeholder=${example}
          value=${path}
          problems=${problems[row]}
          onText=${(text) => onChange(namespaces.map((one) => (one.row === row ? { ...one, path: text } : one)))}
        />
        <button
          type="button"
          aria-label=${`Remove ${path || `group or project ${index + 1}`}`}
          onClick=${() => remove(row)}
        >
          Remove
        </button>
      </div>`,
    )}
    <button type="button" onClick=${add}>Add group or project</button>
  </fieldset>`;
}
