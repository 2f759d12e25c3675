import { useI18n } from "../i18n";
import styles from "./TsdbPage.module.css";

export interface TopRow {
  name: string;
  value: number; // what the bar and the order are by
  text: string;
  note?: string;
  query?: string; // to look at when one wants to know more
}

interface Props {
  title: string;
  help: string;
  rows: readonly TopRow[];
  testId: string;
}

// The greatest of something, each with a bar beside the greatest of all.
export function TopList({ title, help, rows, testId }: Props) {
  const { t } = useI18n();
  const most = rows.reduce((greatest, { value }) => Math.max(greatest, value), 0);
  return (
    <section className={styles.top} data-testid={testId}>
      <h2>{title}</h2>
      <p>{help}</p>
      {rows.length === 0 && <p>{t("tsdb.nothing")}</p>}
      {rows.map(({ name, value, text, note, query }) => {
        const shown = name === "" ? '""' : name;
        return (
          <div key={name} className={styles.row} data-name={name} data-value={value} title={shown}>
            <i style={{ width: `${most === 0 ? 0 : (value / most) * 100}%` }} />
            {query === undefined ? (
              <span>{shown}</span>
            ) : (
              <a href={`/explore/metrics?${new URLSearchParams({ q: query, view: "table" })}`}>{shown}</a>
            )}
            <b>{text}</b>
            {note !== undefined && <em>{note}</em>}
          </div>
        );
      })}
    </section>
  );
}
