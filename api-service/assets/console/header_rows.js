// The custom headers of a destination, one row each.
import { html } from "./view.js";
import { FormField, Problems } from "./form_field.js";
import { useRowFocus } from "./row_focus.js";

let rows = 0;

export function HeaderRows({ headers, problems, onChange }) {
  const { rows: place, onAdded, onRemoved } = useRowFocus();
  const change = (row, values) =>
    onChange(headers.map((header) => (header.row === row ? { ...header, ...values } : header)));
  const add = () => {
    onChange([...headers, { row: `new-header-${++rows}`, key: "", value: "", active: true }]);
    onAdded();
  };
  const remove = (row) => {
    onChange(headers.filter((header) => header.row !== row));
    onRemoved();
  };
  return html`<fieldset ref=${place}>
    <legend>Headers</legend>
    <p class="hint">Sent with every event, beside those of Auditstream. Only active ones are sent.</p>
    <${Problems} of=${problems.headers} />
    ${headers.map(
      ({ row, key, value, active }, index) => html`<div class="row" key=${row} role="group" aria-label=${`Header ${index + 1}`}>
        <${FormField} label="Name" value=${key} problems=${problems[row]} onText=${(text) => change(row, { key: text })} />
        <${FormField}
          label="Value"
          value=${value}
          problems=${problems[`${row}.value`]}
          onText=${(text) => change(row, { value: text })}
        />
        <label class="check">
          <input type="checkbox" checked=${active} onChange=${(event) => change(row, { active: event.target.checked })} />
          Active
        </label>
        <button
          type="button"
          aria-label=${`Remove header ${key || index + 1}`}
          onClick=${() => remove(row)}
        >
          Remove
        </button>
      </div>`,
    )}
    <button type="button" onClick=${add}>Add header</button>
  </fieldset>`;
}
