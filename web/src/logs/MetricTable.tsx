import { useMemo, useState } from "react";
import { Icon } from "../app/icons";
import { useI18n, type Key } from "../i18n";
import { labelColumns, sortedRows, type Sorting, type TableRow } from "./metric_table";
import styles from "./MetricTable.module.css";

export type NumberColumn = Extract<Key, `metric.${string}`>;

interface Props {
  rows: TableRow[];
  numbers: readonly NumberColumn[];
}

const kRowsMax = 2000;

// The greatest of the first number first; a click on a column's head sorts by it, another one turns the order.
export function MetricTable({ rows, numbers }: Props) {
  const { t, number } = useI18n();
  const [sorting, setSorting] = useState<Sorting>({ column: "0", down: true });
  const names = useMemo(() => labelColumns(rows), [rows]);
  const sorted = useMemo(() => sortedRows(rows, sorting).slice(0, kRowsMax), [rows, sorting]);
  const head = (column: string, text: string) => {
    const chosen = sorting.column === column;
    const isNumber = /^\d+$/.test(column);
    const down = chosen ? !sorting.down : isNumber;
    return (
      <th
        key={column}
        className={isNumber ? styles.number : undefined}
        aria-sort={chosen ? (sorting.down ? "descending" : "ascending") : undefined}
      >
        <button type="button" onClick={() => setSorting({ column, down })}>
          {text}
          {chosen && <Icon name={sorting.down ? "down" : "up"} size={11} />}
        </button>
      </th>
    );
  };
  return (
    <div className={styles.box} data-testid="metric-table" data-rows={rows.length} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            {names.map((name) => head(name, name))}
            {numbers.map((label, index) => head(String(index), t(label)))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={row.key}>
              {names.map((name) => (
                <td key={name}>{row.metric[name] ?? ""}</td>
              ))}
              {row.numbers.map((value, index) => (
                <td key={index} className={styles.number}>
                  {numberText(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > kRowsMax && (
        <div className={styles.note}>{t("metric.more", { shown: number(kRowsMax), count: number(rows.length) })}</div>
      )}
    </div>
  );
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return value.toLocaleString("en", { maximumSignificantDigits: 8 });
}
