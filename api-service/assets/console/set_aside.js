// What was set aside, dead letters or rejected messages: looked at page by page, chosen, replayed, purged.
import { html, useEffect, useState } from "./view.js";
import { ActionButton } from "./action_button.js";
import { announce } from "./announcement.js";
import { mutateOne } from "./api.js";
import { confirm } from "./confirm_dialog.js";
import { ConnectionBanner } from "./connection_banner.js";
import { forEachOf } from "./parallel.js";
import { usePolling } from "./polling.js";
import { count } from "./times.js";

/** How often it is read, in milliseconds. */
const EVERY = 3_000;
/** Failures that are not of one panel. */
const OF_ALL = ["unreachable", "unavailable", "limited"];

/**
 * What is shown from `after` on, and which rows there are on that page and on those where some were chosen:
 * by the place where the page begins. A row never leaves its page for a later one.
 */
async function readPages(read, after, chosen) {
  const others = [...new Set(chosen.values())].filter((place) => place !== after);
  const [shown, ...elsewhere] = await forEachOf([after, ...others], (place) => (place === after ? read(place) : read(place, "id")));
  const idsOf = (page) => new Set((page?.nodes ?? []).map(({ id }) => id));
  const there = new Map([[after, idsOf(shown)], ...others.map((place, index) => [place, idsOf(elsewhere[index])])]);
  return { after, shown, there };
}

/** The chosen rows without those that are gone, of which nothing can be replayed. */
function stillThere(chosen, there) {
  return new Map([...chosen].filter(([id, place]) => there.get(place)?.has(id) ?? true));
}

/**
 * A panel with the rows that `read(after, fields)` gives, each in `columns` of `{ title, cell }` and chosen by
 * what `label` calls it. `mutations` are the names of those that replay and purge, with `input` in each;
 * `again` is what happens to a replayed row once more, and `name` tells the panel from others of the page.
 * `isPart`: the page says itself when the connection is lost.
 */
export function SetAside({ isPart = false, name, title, noun, again, hint, none, read, mutations, input, columns, label }) {
  // The places at which the pages so far begin.
  const [pages, setPages] = useState([null]);
  const after = pages.at(-1);
  // The ids of all pages, each with the place where its page begins.
  const [chosen, setChosen] = useState(new Map());
  const polled = usePolling(() => readPages(read, after, chosen), EVERY, []);
  const page = polled.data?.shown;
  useEffect(() => polled.data && polled.again(), [after]);
  useEffect(() => {
    if (polled.data) {
      setChosen((old) => stillThere(old, polled.data.there));
      // All of the page is gone.
      if (page?.nodes.length === 0 && pages.length > 1 && polled.data.after === after) {
        setPages(pages.slice(0, -1));
      }
    }
  }, [polled.data]);
  // All of the page, or none of it when all are chosen.
  const togglePage = () => {
    const ids = page.nodes.map(({ id }) => id);
    const isAll = ids.every((id) => chosen.has(id));
    const others = [...chosen].filter(([id]) => !ids.includes(id));
    setChosen(new Map([...others, ...(isAll ? [] : ids.map((id) => [id, polled.data.after]))]));
  };
  const toggle = (id) => {
    const toggled = new Map(chosen);
    if (!toggled.delete(id)) {
      toggled.set(id, polled.data.after);
    }
    setChosen(toggled);
  };
  const clear = () => setChosen(new Map());
  const turn = (places) => {
    // Not before the page is there whose end is the beginning of the next one.
    if (polled.data.after === after) {
      setPages(places);
    }
  };
  const meant = () => ({ ...input, ...(chosen.size ? { ids: [...chosen.keys()] } : {}) });
  const which = chosen.size ? `${chosen.size} chosen` : "all";

  // What was chosen meanwhile stays so.
  const forget = (done) => setChosen((old) => new Map([...old].filter(([id]) => !done.has(id))));
  const replay = async () => {
    const sure =
      chosen.size > 0 ||
      (await confirm({
        title: `Replay all ${count(page.count, noun)}?`,
        text: `Each of them is ${again} again, those on other pages too.`,
        action: "Replay",
      }));
    if (!sure) {
      return;
    }
    const { accepted } = await mutateOne(mutations.replay, meant(), "accepted");
    announce(`${count(accepted, noun)} will be ${again} again.`);
    forget(chosen);
    polled.again();
  };
  const purge = async () => {
    const sure = await confirm({
      title: `Purge ${chosen.size ? count(chosen.size, `chosen ${noun}`) : `all ${noun}s`}?`,
      text: `They are deleted and can never be ${again}.`,
      action: "Purge",
      danger: true,
    });
    if (sure) {
      const { purged } = await mutateOne(mutations.purge, meant(), "purged");
      announce(`${count(purged, noun)} purged.`);
      forget(chosen);
      polled.again();
    }
  };
  return html`<section class="panel" aria-labelledby=${`${name}-title`}>
    <div class="title">
      <h2 id=${`${name}-title`} tabindex="-1">${title} ${page && html`<small>${page.count}</small>`}</h2>
      ${page?.count > 0 &&
      html`<div class="actions">
        <${ActionButton} act=${replay} class="primary">Replay ${which}${chosen.size ? "" : "…"}<//>
        <${ActionButton} act=${purge} class="danger">Purge ${which}…<//>
      </div>`}
    </div>
    ${!(isPart && OF_ALL.includes(polled.error?.kind)) && html`<${ConnectionBanner} polled=${polled} />`}
    ${!polled.data && !polled.error && html`<p class="loading">Loading…</p>`}
    ${page?.count === 0 && html`<p class="hint">${none}</p>`}
    ${page?.count > 0 &&
    html`<p class="hint">${hint} The oldest first.</p>
      <${Choice} chosen=${chosen} rows=${page.nodes} onClear=${clear} />
      <${Rows} name=${name} rows=${page.nodes} columns=${columns} label=${label} chosen=${chosen} onToggle=${toggle} onTogglePage=${togglePage} />
      <div class="actions">
        ${pages.length > 1 && html`<button type="button" onClick=${() => turn(pages.slice(0, -1))}>Previous page</button>`}
        ${page.pageInfo.hasNextPage &&
        html`<button type="button" onClick=${() => turn([...pages, page.pageInfo.endCursor])}>Next page</button>`}
      </div>`}
  </section>`;
}

/** How many are chosen, also where they are not to be seen. */
function Choice({ chosen, rows, onClear }) {
  const elsewhere = chosen.size - rows.filter(({ id }) => chosen.has(id)).length;
  return html`<div class="actions choice">
    <span role="status">${chosen.size > 0 && `${chosen.size} chosen${elsewhere ? `, ${elsewhere} on other pages` : ""}`}</span>
    ${chosen.size > 0 && html`<button type="button" class="link" onClick=${onClear}>Clear the choice</button>`}
  </div>`;
}

function Rows({ name, rows, columns, label, chosen, onToggle, onTogglePage }) {
  return html`<div class="scroll" tabindex="0" role="group" aria-labelledby=${`${name}-title`}>
    <table class=${name} role="table">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader">
            <input
              type="checkbox"
              aria-label="Choose all of this page"
              checked=${rows.every(({ id }) => chosen.has(id))}
              onChange=${onTogglePage}
            />
          </th>
          ${columns.map(({ title }) => html`<th scope="col" role="columnheader">${title}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.map(
          (row) => html`<tr key=${row.id} role="row">
            <td role="cell">
              <input
                type="checkbox"
                aria-label=${`Choose ${label(row)}`}
                checked=${chosen.has(row.id)}
                onChange=${() => onToggle(row.id)}
              />
            </td>
            ${columns.map(({ title, cell }) => html`<td role="cell" data-title=${title}><div>${cell(row)}</div></td>`)}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** That a row is on its way again. */
export function BeingReplayed({ at }) {
  return at ? html`<span class="badge">being replayed</span>` : null;
}
