import { useElementSize } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { MatrixSeries } from "../api/types";
import { useI18n } from "../i18n";
import { kDay, msFromNs, nsFromMs } from "../time/ns";
import type { Interval } from "../time/range";
import { formatClock, formatDate, formatTime, ianaName, type Zone } from "../time/zone";
import { alignSeries, chosenSeries, kSeriesMax, seriesColor, seriesName } from "./metric";
import styles from "./MetricView.module.css";

interface Props {
  series: MatrixSeries[];
  interval: Interval;
  zone: Zone;
  scheme: "light" | "dark";
  onZoom(fromMs: number, toMs: number): void;
}

const kLegendHeight = 190;

// The lines of a metric query, and beneath them their values under the cursor, or else the last ones.
export default function MetricView({ series, interval, zone, scheme, onZoom }: Props) {
  const { t, number } = useI18n();
  const { ref, width, height } = useElementSize();
  const host = useRef<HTMLDivElement>(null);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const [at, setAt] = useState<number>(); // seconds under the cursor
  const shown = useMemo(() => chosenSeries(series), [series]);
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
          ...shown.map((each, index) => ({
            label: seriesName(each.metric),
            stroke: canvasColor(seriesColor(each.metric, index, scheme), colors),
            width: 1.5,
            points: { show: each.values.length < 2 },
          })),
        ],
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
      alignSeries(shown),
      host.current,
    );
    return () => plot.destroy();
  }, [shown, interval, zone, scheme, width, height]);
  return (
    <div ref={ref} className={styles.view} data-testid="metric-view">
      <div ref={host} className={styles.plot} />
      <div className={styles.legend}>
        <div className={styles.when}>
          {at === undefined ? t("metric.last") : formatTime(nsFromMs(at * 1000), zone, "second")}
        </div>
        {shown.map((each, index) => (
          <div key={seriesName(each.metric)}>
            <i style={{ background: seriesColor(each.metric, index, scheme) }} />
            <code>{seriesName(each.metric)}</code>
            <b>{valueText(each, at)}</b>
          </div>
        ))}
        {series.length > kSeriesMax && (
          <div>{t("metric.more", { shown: number(kSeriesMax), count: number(series.length) })}</div>
        )}
      </div>
    </div>
  );
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
