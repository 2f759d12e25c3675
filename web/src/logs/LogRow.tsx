import { memo, type ReactNode } from "react";
import type { Zone } from "../time/zone";
import { formatClock, formatTime } from "../time/zone";
import { pieces } from "./highlight";
import { levelColor } from "./level";
import type { Row } from "./row";
import { shortValue } from "./source";
import styles from "./LogList.module.css";

const kShownMax = 2_000; // characters of a line that is not wrapped
const kWrappedMax = 20_000;

export interface RowProps {
  row: Row;
  index: number;
  zone: Zone;
  wrap: boolean;
  dated: boolean; // the rows span several days, so each shows its date
  source?: string;
  pattern?: RegExp;
  expanded: boolean;
  current: boolean;
  onToggle(index: number): void;
  children?: ReactNode; // the open detail
}

export const LogRow = memo(function LogRow(props: RowProps) {
  const { row, index, zone, wrap, dated, source, expanded, current } = props;
  const ns = BigInt(row.ns);
  return (
    <div
      className={styles.row}
      data-testid="log-row"
      data-level={row.level}
      data-expanded={expanded || undefined}
      data-current={current || undefined}
      data-wrap={wrap || undefined}
      data-ns={row.ns}
    >
      <div className={styles.summary} onClick={() => clickUnlessSelecting(() => props.onToggle(index))}>
        <i className={styles.bar} style={{ background: levelColor(row.level) }} />
        <time className={styles.time}>{dated ? formatTime(ns, zone) : formatClock(ns, zone)}</time>
        <span className={styles.level} style={{ color: levelColor(row.level) }}>
          {row.level === "unknown" ? "" : row.level}
        </span>
        {source !== undefined && (
          <span className={styles.source} title={row.labels[source]}>
            {shortValue(row.labels[source] ?? "")}
          </span>
        )}
        <span className={styles.line}>{lineText(row.line, wrap, props.pattern)}</span>
      </div>
      {props.children}
    </div>
  );
});

// A drag that marks text to copy is not a click.
function clickUnlessSelecting(act: () => void) {
  const selection = window.getSelection();
  if (selection && !selection.isCollapsed) return;
  act();
}

export function lineText(line: string, wrap: boolean, pattern?: RegExp): ReactNode {
  const max = wrap ? kWrappedMax : kShownMax;
  const cut = line.length > max ? `${line.slice(0, max)}…` : line;
  const plain = cut.includes("\x1b") ? cut.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "") : cut;
  const shown = wrap ? plain : plain.replace(/\r?\n/g, " ↵ ");
  if (!pattern) return shown;
  return pieces(shown, pattern).map((piece, index) => (piece.hit ? <mark key={index}>{piece.text}</mark> : piece.text));
}
