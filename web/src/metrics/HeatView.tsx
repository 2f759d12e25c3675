import { useElementSize } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState, type MouseEvent } from "react";
import { useI18n } from "../i18n";
import { msFromNs, nsFromMs } from "../time/ns";
import type { Interval } from "../time/range";
import { formatTime, type Zone } from "../time/zone";
import { heatOf, type Heat } from "./heat";
import { fullNumber, shortNumber } from "./number_text";
import type { HistogramSeries } from "./series";
import { tickText, ticksOf } from "./time_axis";
import styles from "./HeatView.module.css";

interface Props {
  series: readonly HistogramSeries[];
  interval: Interval;
  zone: Zone;
  alone: boolean; // no graph above, whose time axis would serve
}

const kShownMax = 6;

// Native histograms over time: time to the right, values upwards, the darker the more observations.
export function HeatView({ series, interval, zone, alone }: Props) {
  const { t, number } = useI18n();
  return (
    <div className={styles.view} data-testid="heat-view" data-count={series.length}>
      {series.slice(0, kShownMax).map((each) => (
        <HeatMap
          key={each.id}
          series={each}
          interval={interval}
          zone={zone}
          height={alone && series.length === 1 ? kHeightAlone : kHeight}
        />
      ))}
      {series.length > kShownMax && (
        <div className={styles.more}>
          {t("metric.more", { shown: number(kShownMax), count: number(series.length) })}
        </div>
      )}
    </div>
  );
}

const kHeight = 190;
const kHeightAlone = 360;
const kTickPx = 110; // at least between two times
const kLeft = 64; // as the graph's axis

interface Cell {
  text: string;
  left: number;
}

interface MapProps {
  series: HistogramSeries;
  interval: Interval;
  zone: Zone;
  height: number;
}

function HeatMap({ series, interval, zone, height }: MapProps) {
  const { t } = useI18n();
  const { ref, width } = useElementSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const heat = useMemo(() => heatOf(series.points), [series]);
  const [cell, setCell] = useState<Cell>();
  const inner = Math.max(0, width - kLeft - 8);
  const xOf = (seconds: number) => {
    const [start, end] = [msFromNs(interval.start) / 1000, msFromNs(interval.end) / 1000];
    return ((seconds - start) / (end - start)) * inner;
  };
  useEffect(() => {
    if (canvas.current && inner > 0) paint(canvas.current, heat, inner, height, xOf);
  }, [heat, inner, height, interval]);
  const onMove = (event: MouseEvent<HTMLCanvasElement>) => {
    const { offsetX, offsetY } = event.nativeEvent;
    const column = nearest(heat.times, offsetX, xOf);
    const row = heat.rows.length - 1 - Math.floor((offsetY / height) * heat.rows.length);
    const bounds = heat.rows[row];
    if (column < 0 || !bounds) return setCell(undefined);
    const count = heat.counts[row * heat.times.length + column]!;
    const when = formatTime(nsFromMs(heat.times[column]! * 1000), zone, "second");
    const range = `${shortNumber(bounds.lower, 4)} – ${shortNumber(bounds.upper, 4)}`;
    setCell({ text: t("prom.cell", { time: when, range, count: fullNumber(count) }), left: kLeft + offsetX });
  };
  const marks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const row = Math.min(heat.rows.length - 1, Math.floor(part * heat.rows.length));
    const bound = part === 1 ? heat.rows[row]?.upper : heat.rows[row]?.lower;
    return { part, text: bound === undefined ? "" : shortNumber(bound) };
  });
  return (
    <figure ref={ref} className={styles.map} data-testid="heat-map" data-rows={heat.rows.length}>
      <figcaption>
        <code>{series.name}</code>
        <span>{cell?.text}</span>
      </figcaption>
      {heat.rows.length === 0 ? (
        <div className={styles.more}>{t("prom.noBuckets")}</div>
      ) : (
        <div className={styles.area} style={{ height }}>
          {marks.map(({ part, text }) => (
            <span key={part} style={{ bottom: `${part * 100}%` }}>
              {text}
            </span>
          ))}
          <canvas
            ref={canvas}
            style={{ left: kLeft, width: inner, height }}
            role="img"
            aria-label={series.name}
            onMouseMove={onMove}
            onMouseLeave={() => setCell(undefined)}
          />
          {ticksOf(interval, Math.max(2, Math.floor(inner / kTickPx))).map((seconds) => (
            <time key={seconds} style={{ left: kLeft + xOf(seconds), top: height + 5 }}>
              {tickText(seconds, interval, zone)}
            </time>
          ))}
        </div>
      )}
    </figure>
  );
}

function nearest(times: readonly number[], x: number, xOf: (seconds: number) => number): number {
  let best = -1;
  for (let i = 0; i < times.length; i++) {
    if (best < 0 || Math.abs(xOf(times[i]!) - x) < Math.abs(xOf(times[best]!) - x)) best = i;
  }
  return best;
}

// Cells end at whole pixels: overlapping or half-covered edges would show as stripes.
function paint(canvas: HTMLCanvasElement, heat: Heat, width: number, height: number, xOf: (seconds: number) => number) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--mantine-primary-color-filled");
  const gap = gapOf(heat.times);
  const yOf = (row: number) => Math.round(canvas.height * (1 - row / heat.rows.length));
  for (const [column, seconds] of heat.times.entries()) {
    const right = Math.round(xOf(seconds) * ratio);
    const left = Math.min(right - 1, Math.round(xOf(seconds - gap) * ratio));
    for (let row = 0; row < heat.rows.length; row++) {
      const count = heat.counts[row * heat.times.length + column]!;
      if (count <= 0) continue;
      // The root makes the thin tails visible beside a full middle.
      context.globalAlpha = 0.08 + 0.92 * Math.sqrt(count / heat.greatest);
      context.fillRect(left, yOf(row + 1), right - left, yOf(row) - yOf(row + 1));
    }
  }
}

// The usual distance of two points; one point alone is as wide as a sliver.
function gapOf(times: readonly number[]): number {
  let least = Infinity;
  for (let i = 1; i < times.length; i++) least = Math.min(least, times[i]! - times[i - 1]!);
  return Number.isFinite(least) ? least : 1;
}
