import { useElementSize } from "@mantine/hooks";
import { useRef, useState, type PointerEvent } from "react";
import { useI18n } from "../i18n";
import { formatDuration } from "../time/duration";
import { floorTo, kDay, kMinute, kSecond, msFromNs, type Ns } from "../time/ns";
import type { Interval } from "../time/range";
import { formatClock, formatDate, formatTime, offsetMs, type Zone } from "../time/zone";
import { axisTicks, kStackOrder, timeTicks, type Bucket, type Volume } from "./histogram";
import { kLevels, levelColor, type Level } from "./level";
import styles from "./Histogram.module.css";

const kHeight = 96;
const kAxisHeight = 18;
const kAxisWidth = 44;

interface Props {
  volume: Volume | undefined;
  interval: Interval;
  zone: Zone;
  loading: boolean;
  error?: string;
  onZoom(interval: Interval): void;
  onLevel(level: Level): void;
}

export function Histogram({ volume, interval, zone, loading, error, onZoom, onLevel }: Props) {
  const { t } = useI18n();
  const { ref, width } = useElementSize();
  return (
    <div className={styles.histogram} data-testid="histogram" data-loading={loading}>
      <div className={styles.head}>
        <span className={styles.title}>{t("histogram.title")}</span>
        {volume && <Legend volume={volume} onLevel={onLevel} />}
        <span className={styles.hint}>
          {error ? "" : t("histogram.hint", { step: volume ? formatDuration(volume.step) : "" })}
        </span>
      </div>
      <div ref={ref} className={styles.plot} style={{ height: kHeight + kAxisHeight }}>
        {error && (
          <div className={styles.error}>
            {t("histogram.error")} <code>{error}</code>
          </div>
        )}
        {!error && volume && width > 0 && (
          <Plot volume={volume} interval={interval} zone={zone} width={width} onZoom={onZoom} />
        )}
        {loading && <div className={styles.loading} />}
      </div>
    </div>
  );
}

function Legend({ volume, onLevel }: { volume: Volume; onLevel(level: Level): void }) {
  const { t, number } = useI18n();
  return (
    <span className={styles.legend}>
      {kLevels
        .filter((level) => volume.totals[level])
        .map((level) => (
          <button
            key={level}
            type="button"
            onClick={() => onLevel(level)}
            title={t("histogram.only", { level: t(`level.${level}`) })}
            data-level={level}
          >
            <i style={{ background: levelColor(level) }} />
            {t(`level.${level}`)} <b>{number(volume.totals[level] ?? 0)}</b>
          </button>
        ))}
    </span>
  );
}

interface PlotProps {
  volume: Volume;
  interval: Interval;
  zone: Zone;
  width: number;
  onZoom(interval: Interval): void;
}

function Plot({ volume, interval, zone, width, onZoom }: PlotProps) {
  const svg = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  const [hover, setHover] = useState<number>();
  const inner = width - kAxisWidth - 6;
  const first = volume.buckets[0]?.start ?? interval.start;
  const last = volume.buckets.at(-1)?.end ?? interval.end;
  const span = Number(last - first);
  const x = (at: Ns) => kAxisWidth + (Number(at - first) / span) * inner;
  const y = (count: number) => kHeight - (count / (volume.max || 1)) * (kHeight - 6);
  const timeAt = (px: number): Ns => first + BigInt(Math.round(((px - kAxisWidth) / inner) * span));

  const local = (event: PointerEvent) => {
    const left = svg.current!.getBoundingClientRect().left;
    return Math.max(kAxisWidth, Math.min(kAxisWidth + inner, event.clientX - left));
  };
  const onMove = (event: PointerEvent) => {
    const px = local(event);
    const index = Number((timeAt(px) - first) / volume.step);
    setHover(index >= 0 && index < volume.buckets.length ? index : undefined);
    if (drag) setDrag({ ...drag, to: px });
  };
  const onUp = () => {
    if (drag && Math.abs(drag.to - drag.from) > 4) onZoom(wholeBuckets(timeAt(drag.from), timeAt(drag.to), volume));
    setDrag(undefined);
  };
  const bucket = hover === undefined ? undefined : volume.buckets[hover];
  return (
    <>
      <svg
        ref={svg}
        className={styles.svg}
        width={width}
        height={kHeight + kAxisHeight}
        role="img"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: local(event), to: local(event) });
        }}
        onPointerMove={onMove}
        onPointerUp={onUp}
        onPointerCancel={() => setDrag(undefined)}
        onPointerLeave={() => setHover(undefined)}
      >
        {axisTicks(volume.max).map((tick) => (
          <g key={tick}>
            <line className={styles.grid} x1={kAxisWidth} x2={kAxisWidth + inner} y1={y(tick)} y2={y(tick)} />
            <text className={styles.tick} x={kAxisWidth - 6} y={y(tick) + 3.5} textAnchor="end">
              {compact(tick)}
            </text>
          </g>
        ))}
        <line className={styles.axis} x1={kAxisWidth} x2={kAxisWidth + inner} y1={kHeight + 0.5} y2={kHeight + 0.5} />
        <TimeAxis interval={{ start: first, end: last }} zone={zone} x={x} inner={inner} />
        {volume.buckets.map((each, index) => (
          <Bar
            key={index}
            bucket={each}
            left={x(each.start)}
            right={x(each.end)}
            y={y}
            dimmed={hover !== undefined && hover !== index && !drag}
          />
        ))}
        {drag && (
          <rect
            className={styles.brush}
            x={Math.min(drag.from, drag.to)}
            width={Math.abs(drag.to - drag.from)}
            y={0}
            height={kHeight}
          />
        )}
      </svg>
      {bucket && !drag && <Tip bucket={bucket} zone={zone} left={x(bucket.end)} width={width} />}
    </>
  );
}

function Bar({
  bucket,
  left,
  right,
  y,
  dimmed,
}: {
  bucket: Bucket;
  left: number;
  right: number;
  y(count: number): number;
  dimmed: boolean;
}) {
  let below = 0;
  const gap = right - left > 4 ? 1 : 0;
  return (
    <g opacity={dimmed ? 0.55 : 1}>
      {kStackOrder.map((level) => {
        const count = bucket.counts[level];
        if (!count) return null;
        const bottom = y(below);
        below += count;
        // Even one error among many thousand lines shows as a sliver.
        const height = Math.max(bottom - y(below), 1);
        return (
          <rect
            key={level}
            x={left + gap / 2}
            width={Math.max(right - left - gap, 0.5)}
            y={bottom - height}
            height={height}
            fill={levelColor(level)}
          />
        );
      })}
    </g>
  );
}

function TimeAxis({ interval, zone, x, inner }: { interval: Interval; zone: Zone; x(at: Ns): number; inner: number }) {
  const ticks = timeTicks(interval, Math.max(2, Math.floor(inner / 110)), offsetMs(msFromNs(interval.start), zone));
  const days = interval.end - interval.start > kDay;
  const seconds = interval.end - interval.start < 10n * kMinute;
  return (
    <>
      {ticks.map((at) => {
        const clock = formatClock(at, zone, interval.end - interval.start < 5n * kSecond ? "ms" : "second");
        const label = days
          ? `${formatDate(at, zone).slice(5)} ${clock.slice(0, 5)}`
          : seconds
            ? clock
            : clock.slice(0, 5);
        return (
          <text key={at.toString()} className={styles.tick} x={x(at)} y={kHeight + 14} textAnchor="middle">
            {label}
          </text>
        );
      })}
    </>
  );
}

function Tip({ bucket, zone, left, width }: { bucket: Bucket; zone: Zone; left: number; width: number }) {
  const { t, number } = useI18n();
  const precision = bucket.end - bucket.start < kSecond ? "ms" : "second";
  const side = left > width - 240 ? { right: width - left + 14 } : { left: left + 8 };
  return (
    <div className={styles.tip} style={side}>
      <div className={styles.tipTime}>
        {formatTime(bucket.start, zone, precision)} – {formatClock(bucket.end, zone, precision)}
      </div>
      {kLevels
        .filter((level) => bucket.counts[level])
        .map((level) => (
          <div key={level}>
            <i style={{ background: levelColor(level) }} />
            {t(`level.${level}`)}
            <b>{number(bucket.counts[level] ?? 0)}</b>
          </div>
        ))}
      <div>
        <i />
        {t("histogram.total")}
        <b>{number(bucket.total)}</b>
      </div>
    </div>
  );
}

// A zoom shows whole bars: the ones that were touched.
function wholeBuckets(a: Ns, b: Ns, volume: Volume): Interval {
  const [from, to] = a < b ? [a, b] : [b, a];
  const step = volume.step;
  return { start: floorTo(from, step), end: floorTo(to, step) + step };
}

function compact(value: number): string {
  return Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
}
