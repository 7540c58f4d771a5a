// A small picture of what was delivered and what failed, by minute.
import { html } from "./view.js";
import { amount } from "./times.js";

/** Pixels of a minute, and of the picture's height. */
const WIDTH = 3;
const HEIGHT = 30;

/** The figures of each of the last so many minutes, the current one last; zeros where nothing was done. */
export function everyMinute(stats, minutes, now = Date.now()) {
  const last = Math.floor(now / 60_000) * 60_000;
  const known = new Map(stats.map((figures) => [Date.parse(figures.minute), figures]));
  return Array.from({ length: minutes }, (_, index) => {
    const minute = last - (minutes - 1 - index) * 60_000;
    const { delivered = 0, failed = 0, lagMs = null } = known.get(minute) ?? {};
    return { minute, delivered, failed, lagMs };
  });
}

/** What was delivered and what failed in all. */
export function totals(stats) {
  const sum = (name) => stats.reduce((total, figures) => total + figures[name], 0);
  return { delivered: sum("delivered"), failed: sum("failed") };
}

export function Sparkline({ stats, minutes = 60 }) {
  const all = everyMinute(stats, minutes);
  const most = Math.max(1, ...all.map(({ delivered, failed }) => delivered + failed));
  // A single event among thousands is to be seen, too.
  const tall = (value) => (value ? Math.max(2, (value / most) * HEIGHT) : 0);
  const { delivered, failed } = totals(stats);
  const label = `In the last hour: ${amount(delivered)} delivered, ${amount(failed)} failed attempts`;
  return html`<svg
    class="sparkline"
    role="img"
    aria-label=${label}
    viewBox=${`0 0 ${minutes * WIDTH} ${HEIGHT + 1}`}
    width=${minutes * WIDTH}
    height=${HEIGHT + 1}
  >
    <title>${label}</title>
    <line class="ground" x1="0" x2=${minutes * WIDTH} y1=${HEIGHT + 0.5} y2=${HEIGHT + 0.5} />
    ${all.map(({ delivered, failed }, index) => {
      const [good, bad] = [tall(delivered), tall(failed)];
      const x = index * WIDTH;
      return html`
        ${good > 0 && html`<rect class="delivered" x=${x} y=${HEIGHT - good} width=${WIDTH - 0.6} height=${good} />`}
        ${bad > 0 && html`<rect class="failed" x=${x} y=${Math.max(0, HEIGHT - good - bad)} width=${WIDTH - 0.6} height=${bad} />`}
      `;
    })}
  </svg>`;
}
