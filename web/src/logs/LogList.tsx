import { useVirtualizer } from "@tanstack/react-virtual";
import {
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
  type ReactNode,
  type Ref,
} from "react";
import { useI18n } from "../i18n";
import { formatDate, type Zone } from "../time/zone";
import { LogDetail } from "./LogDetail";
import { LogRow } from "./LogRow";
import type { FieldFilterHandler } from "./LogDetail";
import type { Row } from "./row";
import { sourceLabel } from "./source";
import styles from "./LogList.module.css";

export const kRowHeight = 22;
const kEndZone = 40; // rows before the end at which the next page is fetched

export interface ListHandle {
  move(by: number): void;
  moveTo(end: "first" | "last"): void;
  toggle(): void;
  collapse(): boolean; // whether something was open
  current(): Row | undefined;
}

interface Props {
  rows: Row[];
  zone: Zone;
  wrap: boolean;
  pattern?: RegExp;
  follow: boolean; // stick to the end while rows come in
  more: boolean;
  loadingMore: boolean;
  footer?: ReactNode;
  onMore(): void;
  onUnstick?(): void; // the person scrolled away from the end while following
  onFilter: FieldFilterHandler;
  onContext(row: Row): void;
  handle?: Ref<ListHandle>;
}

export function LogList(props: Props) {
  const { rows, zone, wrap, follow, more, loadingMore, onMore } = props;
  const { t } = useI18n();
  const scroller = useRef<HTMLDivElement>(null);
  const [expanded, setExpanded] = useState<ReadonlySet<number>>(new Set());
  const [cursor, setCursor] = useState(-1);
  const source = useMemo(() => sourceLabel(rows), [rows]);
  const dated = useMemo(() => spansDays(rows, zone), [rows, zone]);

  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => kRowHeight,
    getItemKey: useCallback((index: number) => rows[index]!.id, [rows]),
    overscan: 20,
  });
  const items = virtualizer.getVirtualItems();

  // Another way of breaking lines makes every measured height wrong.
  useEffect(() => virtualizer.measure(), [wrap, virtualizer]);

  const lastIndex = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !loadingMore && lastIndex >= rows.length - kEndZone) onMore();
  }, [more, loadingMore, lastIndex, rows.length, onMore]);

  useEffect(() => {
    if (follow && rows.length > 0) virtualizer.scrollToIndex(rows.length - 1, { align: "end" });
  }, [follow, rows, virtualizer]);

  const toggle = useCallback(
    (index: number) => {
      setCursor(index);
      const id = rows[index]?.id;
      if (id !== undefined) setExpanded((old) => flipped(old, id));
    },
    [rows],
  );

  const moveTo = (index: number) => {
    if (rows.length === 0) return;
    const next = Math.max(0, Math.min(rows.length - 1, index));
    setCursor(next);
    virtualizer.scrollToIndex(next, { align: "auto" });
  };
  useImperativeHandle(props.handle, () => ({
    move: (by) => moveTo(cursor < 0 ? (items[0]?.index ?? 0) : cursor + by),
    moveTo: (end) => moveTo(end === "first" ? 0 : rows.length - 1),
    toggle: () => {
      if (cursor >= 0) toggle(cursor);
    },
    collapse: () => {
      const open = expanded.size > 0;
      setExpanded(new Set());
      return open;
    },
    current: () => rows[cursor],
  }));

  return (
    <div
      ref={scroller}
      className={styles.list}
      tabIndex={0}
      role="log"
      aria-label={t("list.label")}
      onWheel={(event) => {
        if (follow && event.deltaY < 0) props.onUnstick?.();
      }}
    >
      <div className={styles.canvas} style={{ height: virtualizer.getTotalSize() }}>
        <div style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
          {items.map((item) => {
            const row = rows[item.index]!;
            const open = expanded.has(row.id);
            return (
              <div key={row.id} data-index={item.index} ref={virtualizer.measureElement}>
                <LogRow
                  row={row}
                  index={item.index}
                  zone={zone}
                  wrap={wrap}
                  dated={dated}
                  source={source}
                  pattern={props.pattern}
                  expanded={open}
                  current={item.index === cursor}
                  onToggle={toggle}
                >
                  {open && <LogDetail row={row} zone={zone} onFilter={props.onFilter} onContext={props.onContext} />}
                </LogRow>
              </div>
            );
          })}
        </div>
      </div>
      <div className={styles.footer}>{loadingMore ? t("list.loadingMore") : props.footer}</div>
    </div>
  );
}

function flipped(old: ReadonlySet<number>, id: number): ReadonlySet<number> {
  const next = new Set(old);
  if (!next.delete(id)) next.add(id);
  return next;
}

// Rows are in order of time, so the ends tell.
function spansDays(rows: Row[], zone: Zone): boolean {
  const first = rows[0];
  const last = rows.at(-1);
  if (!first || !last) return false;
  const today = formatDate(BigInt(Date.now()) * 1_000_000n, zone);
  const from = formatDate(BigInt(first.ns), zone);
  return from !== formatDate(BigInt(last.ns), zone) || from !== today;
}
