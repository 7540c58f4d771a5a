// One chart over time, drawn by uPlot in the colours of the page, with its figures as a table for those who
// cannot see it.
import { html, useEffect, useRef } from "./view.js";

/** Pixels. */
const HEIGHT = 130;
const dark = matchMedia("(prefers-color-scheme: dark)");

/**
 * `times` in seconds since 1970; `series` are `{ label, values, color }`, where the colour is the name of a CSS
 * variable, and a value null where there is none. `format` makes texts of values. Charts of one `group` show the same moment.
 */
export function Chart({ title, summary, times, series, format, group }) {
  const place = useRef(null);
  const chart = useRef(null);
  const data = [times, ...series.map(({ values }) => values)];
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    const draw = () => {
      chart.current?.destroy();
      chart.current = new uPlot(options(place.current, series, format, group), latest.current, place.current);
    };
    draw();
    const observer = new ResizeObserver(([{ contentRect }]) => {
      // uPlot draws at any width that is set; that of its own canvas must not count.
      chart.current?.setSize({ width: Math.floor(contentRect.width), height: HEIGHT });
    });
    observer.observe(place.current);
    dark.addEventListener("change", draw);
    return () => {
      dark.removeEventListener("change", draw);
      observer.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, []);
  useEffect(() => chart.current?.setData(data), [times[0], times.at(-1), JSON.stringify(series.map(({ values }) => values))]);
  return html`<figure class="chart">
    <figcaption><strong>${title}</strong> <span class="hint">${summary}</span></figcaption>
    <div class="drawing" ref=${place} role="img" aria-label=${`${title}: ${summary}. The figures follow as a table.`}></div>
    <details>
      <summary>Figures</summary>
      <div class="figures" tabindex="0" role="group" aria-label=${`Figures of ${title}`}>
        <table>
          <thead><tr><th scope="col">Minute</th>${series.map(({ label }) => html`<th scope="col">${label}</th>`)}</tr></thead>
          <tbody>
            ${rows(times, series, format).map(
              ([time, values]) => html`<tr key=${time}><th scope="row">${time}</th>${values.map((value) => html`<td class="number">${value}</td>`)}</tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </figure>`;
}

/** The minutes in which there was something, the newest first. */
function rows(times, series, format) {
  const clock = { hour: "2-digit", minute: "2-digit" };
  const rows = times.map((time, index) => [
    new Date(time * 1000).toLocaleTimeString([], clock),
    series.map(({ values }) => values[index]),
  ]);
  const told = rows.filter(([, values]) => values.some(Boolean)).reverse();
  return told.map(([time, values]) => [time, values.map(format)]);
}

function options(place, series, format, group) {
  const style = getComputedStyle(place);
  const color = (name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color("--text-soft"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { stroke: color("--line"), width: 1, size: 4 },
    font: `11px ${style.fontFamily}`,
  };
  return {
    width: Math.max(1, Math.floor(place.clientWidth)),
    height: HEIGHT,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: group }, drag: { x: false, y: false }, points: { show: false } },
    scales: { y: { range: (_chart, _low, high) => [0, Math.max(1, high * 1.1)] } },
    axes: [
      { ...axis, values: (_chart, times) => times.map(clockOf), space: 60 },
      { ...axis, size: 58, space: 30, values: (_chart, values) => values.map((value) => (Number.isInteger(value) ? format(value) : "")) },
    ],
    series: [
      {},
      ...series.map(({ label, color: name }) => ({
        label,
        stroke: color(name),
        fill: color(name),
        width: 0,
        points: { show: false },
        paths: uPlot.paths.bars({ size: [0.8, 24] }),
      })),
    ],
  };
}

function clockOf(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
