import { useElementSize } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState, type MouseEvent } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useI18n } from "../i18n";
import { isolated, stackedOf } from "../logs/metric";
import { msFromNs, nsFromMs } from "../time/ns";
import type { Interval } from "../time/range";
import { formatTime, type Zone } from "../time/zone";
import { ExemplarDots, type PlacedDot } from "./ExemplarDots";
import { plotOptions } from "./graph_options";
import { Legend } from "./Legend";
import { fullNumber } from "./number_text";
import { columnsOf, kLinesMax, type ExemplarDot, type Line } from "./series";
import styles from "./GraphView.module.css";

interface Props {
  lines: Line[];
  count: number; // of all series, drawn or not
  many: boolean; // of more than one query
  dots: ExemplarDot[];
  interval: Interval;
  zone: Zone;
  scheme: "light" | "dark";
  stacked: boolean;
  log: boolean;
  onZoom(fromMs: number, toMs: number): void;
  onZoomOut(): void;
}

export interface Pointed {
  index: number; // into the columns
  left: number;
  top: number;
  focused?: number; // of the shown lines: the nearest one
}

const kPlotHeightLeast = 240;
const kPlotShare = 0.42; // of the window

// Lines over time and their legend. A click on a name leaves that series alone, another click brings the others back; with
// Ctrl or Shift series join or leave. Dragging zooms in, a double click zooms out.
export default function GraphView(props: Props) {
  const { lines, count, many, dots, interval, zone, scheme, log, onZoom, onZoomOut } = props;
  const { t, number } = useI18n();
  const { ref, width } = useElementSize();
  const host = useRef<HTMLDivElement>(null);
  const handlers = useRef({ onZoom, onZoomOut });
  handlers.current = { onZoom, onZoomOut };
  const [pointed, setPointed] = useState<Pointed>();
  const [placed, setPlaced] = useState<PlacedDot[]>([]);
  const [only, setOnly] = useState<ReadonlySet<string>>(new Set());
  // Names of an earlier answer choose nothing here.
  const choice = useMemo(() => new Set(lines.flatMap(({ id }) => (only.has(id) ? [id] : []))), [lines, only]);
  const shown = useMemo(() => lines.filter(({ id }) => choice.size === 0 || choice.has(id)), [lines, choice]);
  const plain = useMemo(() => columnsOf(shown, log), [shown, log]);
  const stacked = props.stacked && !log; // sums of logarithms mean nothing
  const columns = useMemo(() => (stacked ? stackedOf(plain) : plain), [plain, stacked]);
  const onName = (id: string) => (event: MouseEvent) =>
    setOnly(isolated(choice, id, event.ctrlKey || event.metaKey || event.shiftKey));

  useEffect(() => {
    if (!host.current || width === 0) return;
    const height = Math.max(kPlotHeightLeast, Math.round(window.innerHeight * kPlotShare));
    const options = plotOptions({ lines: shown, columns, interval, zone, stacked, log, width, height });
    let focused: number | undefined;
    const plot = new uPlot(
      {
        ...options,
        hooks: {
          setSeries: [
            (_: uPlot, index: number | null) => {
              focused = index === null ? undefined : index - 1;
            },
          ],
          setCursor: [
            (chart: uPlot) => {
              const { idx, left, top } = chart.cursor;
              const known = idx != null && left != null && left >= 0;
              setPointed(
                known ? { index: idx, left: left + chart.over.offsetLeft, top: top ?? 0, focused } : undefined,
              );
            },
          ],
          setSelect: [
            (chart: uPlot) => {
              const { left, width: dragged } = chart.select;
              if (dragged <= 4) return;
              const [from, to] = [chart.posToVal(left, "x"), chart.posToVal(left + dragged, "x")];
              handlers.current.onZoom(from * 1000, to * 1000);
            },
          ],
          draw: [(chart: uPlot) => setPlaced(placesOf(chart, dots))],
        },
      },
      columns,
      host.current,
    );
    const zoomOut = () => handlers.current.onZoomOut();
    plot.over.addEventListener("dblclick", zoomOut);
    return () => {
      plot.over.removeEventListener("dblclick", zoomOut);
      plot.destroy();
      setPointed(undefined);
    };
  }, [shown, columns, interval, zone, scheme, stacked, log, width, dots]);

  return (
    <div
      ref={ref}
      className={styles.view}
      data-testid="graph-view"
      data-shown={shown.length}
      data-stacked={stacked || undefined}
      data-log={log || undefined}
      data-points={plain[0].length}
      data-from={msFromNs(interval.start)}
      data-to={msFromNs(interval.end)}
    >
      <div className={styles.plot}>
        <div ref={host} />
        <ExemplarDots dots={placed} zone={zone} />
        {pointed && <Tip pointed={pointed} lines={shown} columns={plain} width={width} zone={zone} />}
      </div>
      <Legend
        lines={lines}
        many={many}
        chosen={choice}
        at={pointed === undefined ? undefined : plain[0][pointed.index]}
        zone={zone}
        onName={onName}
      />
      {count > kLinesMax && lines.length === kLinesMax && (
        <div className={styles.more}>{t("metric.more", { shown: number(kLinesMax), count: number(count) })}</div>
      )}
    </div>
  );
}

// Where the exemplars lie; those outside the scale stick to its edge, so that none is lost.
function placesOf(chart: uPlot, dots: readonly ExemplarDot[]): PlacedDot[] {
  const { offsetLeft, offsetTop, clientWidth, clientHeight } = chart.over;
  const { min, max } = chart.scales.x!;
  return dots
    .filter(({ timestamp }) => min != null && max != null && timestamp >= min && timestamp <= max)
    .map((dot) => {
      const y = chart.valToPos(Number(dot.value), "y");
      const kept = Math.min(Math.max(Number.isFinite(y) ? y : clientHeight, 0), clientHeight);
      return {
        dot,
        left: offsetLeft + Math.min(chart.valToPos(dot.timestamp, "x"), clientWidth),
        top: offsetTop + kept,
      };
    });
}

const kTipLines = 12;

// What the lines are worth under the cursor: those nearest to it first said are the greatest ones.
function Tip({
  pointed,
  lines,
  columns,
  width,
  zone,
}: {
  pointed: Pointed;
  lines: Line[];
  columns: ReturnType<typeof columnsOf>;
  width: number;
  zone: Zone;
}) {
  const { t, number } = useI18n();
  const seconds = columns[0][pointed.index];
  if (seconds === undefined) return null;
  const values = lines.flatMap((line, index) => {
    const value = columns[index + 1]![pointed.index];
    return value == null ? [] : [{ line, index, value }];
  });
  values.sort((a, b) => b.value - a.value);
  const at = values.findIndex(({ index }) => index === pointed.focused);
  const from = Math.max(0, Math.min(at - kTipLines / 2, values.length - kTipLines));
  const near = values.slice(from, from + kTipLines);
  const right = pointed.left > width / 2;
  return (
    <div
      className={styles.tip}
      data-testid="graph-tip"
      style={right ? { right: width - pointed.left + 14 } : { left: pointed.left + 14 }}
    >
      <time>{formatTime(nsFromMs(seconds * 1000), zone, "second")}</time>
      {near.map(({ line, index, value }) => (
        <div key={line.id} data-focused={index === pointed.focused || undefined}>
          <i style={{ background: line.color }} />
          <code>{line.name}</code>
          <b>{fullNumber(value)}</b>
        </div>
      ))}
      {values.length > near.length && <div>{t("prom.moreLines", { count: number(values.length - near.length) })}</div>}
    </div>
  );
}
