import { useElementSize } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState, type MouseEvent } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { MatrixSeries } from "../api/types";
import { useI18n } from "../i18n";
import { kDay, msFromNs, nsFromMs } from "../time/ns";
import type { Interval } from "../time/range";
import { formatClock, formatDate, formatTime, ianaName, type Zone } from "../time/zone";
import { alignSeries, chosenSeries, isolated, kSeriesMax, seriesColor, seriesName, stackedOf } from "./metric";
import styles from "./MetricView.module.css";

interface Props {
  series: MatrixSeries[];
  interval: Interval;
  zone: Zone;
  scheme: "light" | "dark";
  stacked: boolean;
  onZoom(fromMs: number, toMs: number): void;
}

const kLegendHeight = 190;

interface Drawn {
  series: MatrixSeries;
  name: string;
  color: string; // as a style sheet says it
}

// The lines of a metric query, and beneath them their values under the cursor, or else the last ones. A click on a name
// leaves that series alone, another click brings the others back; with Ctrl or Shift series join or leave.
export default function MetricView({ series, interval, zone, scheme, stacked, onZoom }: Props) {
  const { t, number } = useI18n();
  const { ref, width, height } = useElementSize();
  const host = useRef<HTMLDivElement>(null);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const [at, setAt] = useState<number>(); // seconds under the cursor
  const [only, setOnly] = useState<ReadonlySet<string>>(new Set());
  const named = useMemo<Drawn[]>(
    () =>
      chosenSeries(series).map((each, index) => ({
        series: each,
        name: seriesName(each.metric),
        color: seriesColor(each.metric, index, scheme),
      })),
    [series, scheme],
  );
  // Names of an earlier answer choose nothing here.
  const choice = useMemo(() => new Set(named.flatMap(({ name }) => (only.has(name) ? [name] : []))), [named, only]);
  const shown = useMemo(() => named.filter(({ name }) => choice.size === 0 || choice.has(name)), [named, choice]);
  const onName = (name: string) => (event: MouseEvent) =>
    setOnly(isolated(choice, name, event.ctrlKey || event.metaKey || event.shiftKey));
  useEffect(() => {
    if (!host.current || width === 0 || height === 0) return;
    const colors = getComputedStyle(document.documentElement);
    const muted = colors.getPropertyValue("--muted");
    const line = colors.getPropertyValue("--line");
    const axis = {
      stroke: muted,
      grid: { stroke: line, width: 1 },
      ticks: { stroke: line, width: 1 },
      font: "11px system-ui",
    };
    const plot = new uPlot(
      {
        width,
        height: Math.max(160, height - kLegendHeight),
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), ianaName(zone)),
        legend: { show: false },
        cursor: { drag: { x: true, y: false, setScale: false } },
        scales: { x: { min: msFromNs(interval.start) / 1000, max: msFromNs(interval.end) / 1000 } },
        axes: [
          { ...axis, values: (_, splits) => splits.map((seconds) => tickText(seconds, interval, zone)) },
          { ...axis, size: 64 },
        ],
        series: [
          {},
          ...shown.map(({ series: each, name, color }) => ({
            label: name,
            stroke: canvasColor(color, colors),
            width: 1.5,
            fill: stacked ? translucent(canvasColor(color, colors)) : undefined,
            points: { show: each.values.length < 2 },
          })),
        ],
        // Each series is filled down to the one it stands on.
        bands: stacked
          ? shown.slice(1).map(({ color }, index) => ({
              series: [index + 2, index + 1] as [number, number],
              fill: translucent(canvasColor(color, colors)),
            }))
          : [],
        hooks: {
          setCursor: [(chart: uPlot) => setAt(chart.cursor.idx == null ? undefined : chart.data[0][chart.cursor.idx])],
          setSelect: [
            (chart: uPlot) => {
              const { left, width: dragged } = chart.select;
              if (dragged > 4)
                zoom.current(chart.posToVal(left, "x") * 1000, chart.posToVal(left + dragged, "x") * 1000);
            },
          ],
        },
      },
      stacked
        ? stackedOf(alignSeries(shown.map((each) => each.series)))
        : alignSeries(shown.map((each) => each.series)),
      host.current,
    );
    return () => plot.destroy();
  }, [shown, interval, zone, scheme, stacked, width, height]);
  return (
    <div
      ref={ref}
      className={styles.view}
      data-testid="metric-view"
      data-shown={shown.length}
      data-stacked={stacked || undefined}
    >
      <div ref={host} className={styles.plot} />
      <div className={styles.legend}>
        <div className={styles.when}>
          {at === undefined ? t("metric.last") : formatTime(nsFromMs(at * 1000), zone, "second")}
        </div>
        {named.map(({ series: each, name, color }) => (
          <button
            key={name}
            type="button"
            aria-pressed={choice.has(name)}
            data-dimmed={(choice.size > 0 && !choice.has(name)) || undefined}
            title={t("metric.isolate")}
            onClick={onName(name)}
            data-series={name}
          >
            <i style={{ background: color }} />
            <code>{name}</code>
            <b>{valueText(each, at)}</b>
          </button>
        ))}
        {series.length > kSeriesMax && (
          <div>{t("metric.more", { shown: number(kSeriesMax), count: number(series.length) })}</div>
        )}
      </div>
    </div>
  );
}

function translucent(color: string): string {
  return color.trim().startsWith("hsl") ? color.trim().replace(/\)$/, " / 35%)") : `${color.trim()}59`;
}

// A canvas does not know CSS variables.
function canvasColor(color: string, styles: CSSStyleDeclaration): string {
  const name = /^var\((.+)\)$/.exec(color)?.[1];
  return name === undefined ? color : styles.getPropertyValue(name);
}

function tickText(seconds: number, interval: Interval, zone: Zone): string {
  const ns = nsFromMs(seconds * 1000);
  const clock = formatClock(ns, zone, "second");
  if (interval.end - interval.start > kDay) return `${formatDate(ns, zone).slice(5)} ${clock.slice(0, 5)}`;
  return clock.endsWith(":00") ? clock.slice(0, 5) : clock;
}

function valueText(series: MatrixSeries, at: number | undefined): string {
  const point = at === undefined ? series.values.at(-1) : series.values.find(([seconds]) => seconds === at);
  return point ? Number(point[1]).toLocaleString("en", { maximumSignificantDigits: 6 }) : "–";
}
