import { useState } from "react";
import { useI18n } from "../i18n";
import { nsFromMs } from "../time/ns";
import { formatTime, type Zone } from "../time/zone";
import { fullNumber } from "./number_text";
import type { ExemplarDot } from "./series";
import styles from "./GraphView.module.css";

export interface PlacedDot {
  dot: ExemplarDot;
  left: number;
  top: number;
}

// Exemplars over the graph. They are elements, not paint, so that the keyboard reaches what they tell.
export function ExemplarDots({ dots, zone }: { dots: readonly PlacedDot[]; zone: Zone }) {
  const { t } = useI18n();
  const [open, setOpen] = useState<number>();
  const shown = open === undefined ? undefined : dots[open];
  return (
    <>
      {dots.map(({ dot, left, top }, index) => (
        <button
          key={index}
          type="button"
          className={styles.dot}
          style={{ left, top }}
          aria-label={t("prom.exemplar", { value: fullNumber(Number(dot.value)) })}
          data-testid="exemplar"
          onMouseEnter={() => setOpen(index)}
          onMouseLeave={() => setOpen(undefined)}
          onFocus={() => setOpen(index)}
          onBlur={() => setOpen(undefined)}
        />
      ))}
      {shown && (
        <div className={styles.note} style={{ left: shown.left, top: shown.top + 12 }} data-testid="exemplar-note">
          <time>{formatTime(nsFromMs(shown.dot.timestamp * 1000), zone)}</time>
          <div>
            <code>{shown.dot.series}</code>
            <b>{fullNumber(Number(shown.dot.value))}</b>
          </div>
          {Object.entries(shown.dot.labels).map(([name, value]) => (
            <div key={name}>
              <span>{name}</span>
              <code>{value}</code>
            </div>
          ))}
        </div>
      )}
    </>
  );
}
