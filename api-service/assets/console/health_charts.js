// Throughput, failures and lag of a destination over time.
import { html } from "./view.js";
import { Chart } from "./chart.js";
import { everyMinute, totals } from "./sparkline.js";
import { amount, duration } from "./times.js";

/** What can be looked at, in minutes. An answer of the API has room for a day. */
export const RANGES = [
  [15, "15 minutes"],
  [60, "1 hour"],
  [360, "6 hours"],
  [1440, "24 hours"],
];

export function HealthCharts({ stats, minutes, onMinutes }) {
  const all = everyMinute(stats, minutes);
  const times = all.map(({ minute }) => minute / 1000);
  const { delivered, failed } = totals(all);
  const lag = Math.max(0, ...all.map(({ lagMs }) => lagMs));
  const range = RANGES.find(([of]) => of === minutes)[1];
  const series = (name, label, color, scale = 1) => [
    { label, color, values: all.map((figures) => (figures[name] === null ? null : figures[name] / scale)) },
  ];
  const group = "health";
  return html`<section class="panel" aria-labelledby="charts-title">
    <div class="title">
      <h2 id="charts-title">Deliveries</h2>
      <label class="range">
        Last
        <select value=${minutes} onChange=${(event) => onMinutes(Number(event.target.value))}>
          ${RANGES.map(([of, label]) => html`<option value=${of}>${label}</option>`)}
        </select>
      </label>
    </div>
    <div class="charts" key=${minutes}>
      <${Chart}
        title="Delivered a minute"
        summary=${`${amount(delivered)} in ${range}`}
        times=${times}
        series=${series("delivered", "Delivered", "--good")}
        format=${amount}
        group=${group}
      />
      <${Chart}
        title="Failed attempts a minute"
        summary=${`${amount(failed)} in ${range}`}
        times=${times}
        series=${series("failed", "Failed", "--bad")}
        format=${amount}
        group=${group}
      />
      <${Chart}
        title="Lag"
        summary=${delivered + failed > 0 ? `up to ${duration(lag)} on its way` : `no delivery in ${range}`}
        times=${times}
        series=${series("lagMs", "Longest wait", "--warn", 1000)}
        format=${(seconds) => duration(seconds * 1000)}
        group=${group}
      />
    </div>
  </section>`;
}
