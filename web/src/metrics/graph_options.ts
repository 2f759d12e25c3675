import uPlot from "uplot";
import { msFromNs } from "../time/ns";
import type { Interval } from "../time/range";
import { ianaName, type Zone } from "../time/zone";
import { shortNumber } from "./number_text";
import { lonePoints, type Columns, type Line } from "./series";
import { tickText } from "./time_axis";

interface Wanted {
  lines: readonly Line[];
  columns: Columns;
  interval: Interval;
  zone: Zone;
  stacked: boolean;
  log: boolean;
  width: number;
  height: number;
}

const kFocusPx = 30; // how near the cursor must be for a line to come forward

// How the plot looks; what it does is the view's.
export function plotOptions({ lines, columns, interval, zone, stacked, log, width, height }: Wanted): uPlot.Options {
  const colors = getComputedStyle(document.documentElement);
  const grid = colors.getPropertyValue("--line");
  const axis = {
    stroke: colors.getPropertyValue("--muted"),
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1 },
    font: "11px system-ui",
  };
  // A logarithmic scale without a value to stand on has no end.
  const drawable = columns.slice(1).some((column) => column.some((value) => value !== null));
  return {
    width,
    height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), ianaName(zone)),
    legend: { show: false },
    focus: { alpha: stacked ? 1 : 0.35 },
    cursor: { drag: { x: true, y: false, setScale: false }, focus: { prox: kFocusPx }, bind: { dblclick: () => null } },
    scales: {
      x: { min: msFromNs(interval.start) / 1000, max: msFromNs(interval.end) / 1000 },
      y: log && drawable ? { distr: 3, log: 10 } : { range: stacked ? fromZero : undefined },
    },
    axes: [
      { ...axis, values: (_, splits) => splits.map((seconds) => tickText(seconds, interval, zone)) },
      { ...axis, size: 64, values: (_, splits) => splits.map((value) => (value == null ? "" : shortNumber(value, 4))) },
    ],
    series: [
      {},
      ...lines.map(({ name, color }, index) => ({
        label: name,
        stroke: color,
        width: 1.5,
        fill: stacked && index === 0 ? translucent(color) : undefined,
        points: { size: 4, fill: color, filter: filterOf(columns[index + 1]!) },
      })),
    ],
    // Each series is filled down to the one it stands on.
    bands: stacked
      ? lines.slice(1).map(({ color }, index) => ({
          series: [index + 2, index + 1] as [number, number],
          fill: translucent(color),
        }))
      : [],
  };
}

// Points stand where no line would show the value.
function filterOf(column: Columns[number]): uPlot.Series.Points.Filter {
  const lone = lonePoints(column);
  return () => (lone.length === 0 ? null : lone);
}

const fromZero: uPlot.Scale.Range = (_, min, max) => {
  const [least, most] = [Math.min(0, min ?? 0), Math.max(0, max ?? 0)];
  return [least, least === most ? least + 1 : most + (most - least) * 0.05];
};

function translucent(color: string): string {
  return color.replace(/\)$/, " / 35%)");
}
