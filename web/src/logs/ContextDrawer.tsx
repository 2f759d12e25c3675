import { Button, Drawer } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useI18n } from "../i18n";
import { selectorOf } from "../logql/text";
import { formatTime, type Zone } from "../time/zone";
import { levelColor } from "./level";
import { lineText } from "./LogRow";
import type { Row } from "./row";
import { useContextRows, type ContextSide } from "./useContext";
import styles from "./ContextDrawer.module.css";

interface Props {
  row: Row | undefined;
  zone: Zone;
  pattern?: RegExp;
  onClose(): void;
}

// The lines before and after one line of a stream, whatever the query filters.
export function ContextDrawer({ row, onClose, ...rest }: Props) {
  const { t } = useI18n();
  return (
    <Drawer
      opened={row !== undefined}
      onClose={onClose}
      position="right"
      size="72%"
      title={t("context.title")}
      transitionProps={{ duration: 120 }}
      classNames={{ body: styles.body, content: styles.content, title: styles.title }}
    >
      {row && <Context row={row} {...rest} />}
    </Drawer>
  );
}

function Context({ row, zone, pattern }: { row: Row; zone: Zone; pattern?: RegExp }) {
  const { t } = useI18n();
  const { older, newer, before, after, isPending } = useContextRows(row);
  const anchor = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isPending) anchor.current?.scrollIntoView({ block: "center" });
  }, [isPending]);
  return (
    <div className={styles.context} data-testid="context">
      <code className={styles.stream}>{selectorOf(row.labels)}</code>
      <div className={styles.lines}>
        <Side side={older} label={t("context.older")} end={t("context.noOlder")} />
        {before.map((each) => (
          <ContextLine key={each.id} row={each} zone={zone} pattern={pattern} />
        ))}
        <div ref={anchor}>
          <ContextLine row={row} zone={zone} pattern={pattern} anchor />
        </div>
        {after.map((each) => (
          <ContextLine key={each.id} row={each} zone={zone} pattern={pattern} />
        ))}
        <Side side={newer} label={t("context.newer")} end={t("context.noNewer")} />
      </div>
    </div>
  );
}

interface SideProps {
  side: ContextSide;
  label: string;
  end: string;
}

function Side({ side, label, end }: SideProps) {
  const { t } = useI18n();
  if (side.error) {
    return (
      <div className={styles.side}>
        {side.error.message}{" "}
        <Button size="compact-xs" variant="subtle" onClick={side.fetchMore}>
          {t("error.retry")}
        </Button>
      </div>
    );
  }
  if (!side.more && !side.isFetching) return <div className={styles.side}>{end}</div>;
  return (
    <div className={styles.side}>
      <Button size="compact-xs" variant="subtle" loading={side.isFetching} onClick={side.fetchMore}>
        {label}
      </Button>
    </div>
  );
}

function ContextLine({ row, zone, pattern, anchor }: { row: Row; zone: Zone; pattern?: RegExp; anchor?: boolean }) {
  return (
    <div className={styles.line} data-anchor={anchor || undefined} data-testid="context-line">
      <i style={{ background: levelColor(row.level) }} />
      <time>{formatTime(BigInt(row.ns), zone)}</time>
      <span className={styles.text}>{lineText(row.line, true, pattern)}</span>
    </div>
  );
}
