import { Button } from "@mantine/core";
import { useMemo, type Ref } from "react";
import { Icon } from "../app/icons";
import { useI18n, type Key } from "../i18n";
import { ApiError } from "../api/client";
import type { TailStatus } from "../api/tail";
import type { Zone } from "../time/zone";
import type { FieldFilterHandler } from "./LogDetail";
import { LogList, type ListHandle } from "./LogList";
import type { Row } from "./row";
import { ErrorState } from "./states";
import { Toolbar } from "./Toolbar";
import type { LogsState } from "./url_state";
import type { UpdateState } from "./useLogsState";
import { kTailRowsMax, useTail } from "./useTail";
import styles from "./LogsPage.module.css";

interface Props {
  state: LogsState;
  update: UpdateState;
  indexed: string[];
  zone: Zone;
  pattern?: RegExp;
  onFilter: FieldFilterHandler;
  onContext(row: Row): void;
  handle: Ref<ListHandle>;
}

const kStatus: Record<TailStatus, Key> = {
  connecting: "live.connecting",
  open: "live.open",
  waiting: "live.waiting",
  refused: "live.refused",
};

// New lines as they arrive, the newest at the bottom. Scrolling up or a click pauses; what comes meanwhile is kept.
export function LiveView({ state, update, indexed, zone, pattern, onFilter, onContext, handle }: Props) {
  const { t, number } = useI18n();
  const names = useMemo(() => new Set(indexed), [indexed]);
  const tail = useTail(state.query, true, names);
  return (
    <>
      <Toolbar state={state} update={update}>
        <i className={styles.dot} data-status={tail.paused ? "paused" : tail.status} />
        <span data-testid="live-status" data-status={tail.paused ? "paused" : tail.status}>
          {tail.paused ? t("live.paused", { count: number(tail.waiting) }) : t(kStatus[tail.status])}
        </span>
        {tail.detail && tail.status !== "refused" && <code className={styles.warning}>{tail.detail}</code>}
        <span>{t("live.kept", { count: number(tail.rows.length), max: number(kTailRowsMax) })}</span>
        {tail.lost > 0 && <span className={styles.warning}>{t("live.lost", { count: number(tail.lost) })}</span>}
        <Button
          size="compact-xs"
          variant="default"
          data-testid="live-pause"
          onClick={() => tail.setPaused(!tail.paused)}
          leftSection={<Icon name={tail.paused ? "play" : "pause"} size={12} />}
        >
          {t(tail.paused ? "live.resume" : "live.pause")}
        </Button>
        <Button size="compact-xs" variant="default" onClick={tail.clear}>
          {t("live.clear")}
        </Button>
      </Toolbar>
      {tail.status === "refused" && (
        <ErrorState
          error={new ApiError("query", 400, tail.detail)}
          query={state.query}
          onRetry={() => update({ live: false })}
        />
      )}
      {tail.status !== "refused" && (
        <LogList
          rows={tail.rows}
          zone={zone}
          wrap={state.wrap}
          pattern={pattern}
          follow={!tail.paused}
          more={false}
          loadingMore={false}
          onMore={() => undefined}
          onUnstick={() => tail.setPaused(true)}
          onFilter={onFilter}
          onContext={onContext}
          handle={handle}
          footer={tail.rows.length === 0 ? t("live.quiet") : ""}
        />
      )}
    </>
  );
}
