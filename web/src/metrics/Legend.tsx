import { useMemo, type MouseEvent } from "react";
import { useI18n } from "../i18n";
import { nsFromMs } from "../time/ns";
import { formatTime, type Zone } from "../time/zone";
import { shortNumber } from "./number_text";
import { numberFrom } from "./rows";
import type { Line } from "./series";
import styles from "./Legend.module.css";

interface Props {
  lines: readonly Line[];
  many: boolean;
  chosen: ReadonlySet<string>;
  at: number | undefined; // seconds under the cursor
  zone: Zone;
  onName(id: string): (event: MouseEvent) => void;
}

// A row for each series: its value under the cursor or the last one, and the least, mean and greatest.
export function Legend({ lines, many, chosen, at, zone, onName }: Props) {
  const { t } = useI18n();
  const measured = useMemo(() => lines.map(statisticsOf), [lines]);
  return (
    <div className={styles.legend}>
      <div className={styles.head}>
        <span>{at === undefined ? t("metric.last") : formatTime(nsFromMs(at * 1000), zone, "second")}</span>
        <span>{t("metric.least")}</span>
        <span>{t("metric.mean")}</span>
        <span>{t("metric.greatest")}</span>
      </div>
      {lines.map((line, index) => {
        const { least, mean, greatest } = measured[index]!;
        return (
          <button
            key={line.id}
            type="button"
            aria-pressed={chosen.has(line.id)}
            data-dimmed={(chosen.size > 0 && !chosen.has(line.id)) || undefined}
            title={`${line.name}\n${t("metric.isolate")}`}
            onClick={onName(line.id)}
            data-series={line.name}
          >
            <i style={{ background: line.color }} />
            {many && <em>{line.letter}</em>}
            <code>{line.name}</code>
            <b>{valueText(line, at)}</b>
            <span>{least}</span>
            <span>{mean}</span>
            <span>{greatest}</span>
          </button>
        );
      })}
    </div>
  );
}

function statisticsOf({ values }: Line) {
  const numbers = values.map(([, text]) => numberFrom(text)).filter((value) => !Number.isNaN(value));
  if (numbers.length === 0) return { least: "–", mean: "–", greatest: "–" };
  const sum = numbers.reduce((total, value) => total + value, 0);
  return {
    least: shortNumber(
      numbers.reduce((a, b) => Math.min(a, b)),
      4,
    ),
    mean: shortNumber(sum / numbers.length, 4),
    greatest: shortNumber(
      numbers.reduce((a, b) => Math.max(a, b)),
      4,
    ),
  };
}

function valueText({ values }: Line, at: number | undefined): string {
  const point = at === undefined ? values.at(-1) : values.find(([seconds]) => seconds === at);
  return point ? shortNumber(numberFrom(point[1]), 6) : "–";
}
