import { useMemo, useState } from "react";
import type { NativeHistogram } from "../api/prometheus_types";
import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import { kNameLabel } from "../promql/names";
import { nsFromMs } from "../time/ns";
import { formatTime, type Zone } from "../time/zone";
import { barsOf } from "./heat";
import { fullNumber, shortNumber } from "./number_text";
import { columnsIn, numberFrom, orderedRows, type ResultRow, type RowOrder } from "./rows";
import table from "../logs/MetricTable.module.css";
import styles from "./ResultTable.module.css";

interface Props {
  rows: ResultRow[];
  many: boolean; // of more than one query
  zone: Zone;
}

const kRowsMax = 2000;
const kSamplesMax = 200;

// As the server gave the rows, until a click on a column's head sorts by it; another click turns the order.
export function ResultTable({ rows, many, zone }: Props) {
  const { t, number } = useI18n();
  const [order, setOrder] = useState<RowOrder>({ column: "", down: true });
  const names = useMemo(() => columnsIn(rows), [rows]);
  const shown = useMemo(() => orderedRows(rows, order).slice(0, kRowsMax), [rows, order]);
  const head = (column: string | undefined, text: string) => {
    const chosen = order.column === column;
    const down = chosen ? !order.down : column === undefined;
    return (
      <th
        key={text}
        className={column === undefined ? table.number : undefined}
        aria-sort={chosen ? (order.down ? "descending" : "ascending") : undefined}
      >
        <button type="button" onClick={() => setOrder({ column, down })}>
          {text}
          {chosen && <Icon name={order.down ? "down" : "up"} size={11} />}
        </button>
      </th>
    );
  };
  return (
    <div className={table.box} data-testid="result-table" data-rows={rows.length} tabIndex={0}>
      <table className={table.table}>
        <thead>
          <tr>
            {many && <th className={styles.letter} aria-label={t("prom.query")} />}
            {names.map((name) => head(name, name === kNameLabel ? t("prom.metric") : name))}
            {head(undefined, t("metric.value"))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={row.key}>
              {many && <td className={styles.letter}>{row.letter}</td>}
              {names.map((name) => (
                <td key={name} title={row.metric[name]}>
                  {row.metric[name] ?? ""}
                </td>
              ))}
              <td className={table.number}>
                <Value row={row} zone={zone} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > kRowsMax && (
        <div className={table.note}>{t("metric.more", { shown: number(kRowsMax), count: number(rows.length) })}</div>
      )}
    </div>
  );
}

function Value({ row, zone }: { row: ResultRow; zone: Zone }) {
  const { t, number } = useI18n();
  if (row.text !== undefined) return <>{row.text}</>;
  if (row.histogram) return <HistogramCell histogram={row.histogram} />;
  if (row.histograms && row.histograms.length > 0) return <HistogramCell histogram={row.histograms.at(-1)![1]} />;
  if (row.samples) {
    const hidden = row.samples.length - kSamplesMax;
    return (
      <div className={styles.samples}>
        {row.samples.slice(-kSamplesMax).map(([seconds, value]) => (
          <span key={seconds}>
            {value} <i>{formatTime(nsFromMs(seconds * 1000), zone)}</i>
          </span>
        ))}
        {hidden > 0 && <span>{t("prom.moreSamples", { count: number(hidden) })}</span>}
      </div>
    );
  }
  return <>{fullNumber(row.value ?? NaN)}</>;
}

// Count, sum and mean with the shape of the buckets; a click opens the buckets.
function HistogramCell({ histogram }: { histogram: NativeHistogram }) {
  const { t } = useI18n();
  const [opened, setOpened] = useState(false);
  const bars = useMemo(() => barsOf(histogram), [histogram]);
  const [count, sum] = [Number(histogram.count), numberFrom(histogram.sum)];
  return (
    <div className={styles.histogram} data-testid="histogram-value">
      <button type="button" aria-expanded={opened} onClick={() => setOpened(!opened)} title={t("prom.buckets")}>
        <span className={styles.shape}>
          {bars.map((bar) => (
            <i key={bar.label} style={{ height: `${Math.max(6, bar.share * 100)}%` }} />
          ))}
        </span>
        <span>
          {t("prom.histogram", {
            count: fullNumber(count),
            sum: shortNumber(sum, 5),
            mean: shortNumber(sum / count, 4),
          })}
        </span>
      </button>
      {opened && (
        <div className={styles.buckets}>
          {bars.map((bar) => (
            <div key={bar.label} data-testid="bucket">
              <code>{bar.label}</code>
              <i style={{ width: `${bar.share * 120}px` }} />
              <b>{fullNumber(bar.count)}</b>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
