import { Button } from "@mantine/core";
import type { Ref } from "react";
import { useI18n } from "../i18n";
import type { Zone } from "../time/zone";
import type { FieldFilterHandler } from "./LogDetail";
import { LogList, type ListHandle } from "./LogList";
import { useHasAnyLogs } from "./queries";
import type { Row } from "./row";
import { ErrorState, LoadingState, NoDataState, NoMatchState } from "./states";
import { Toolbar } from "./Toolbar";
import type { LogsState } from "./url_state";
import type { useLogRows } from "./useLogRows";
import type { UpdateState } from "./useLogsState";
import styles from "./LogsPage.module.css";

interface Props {
  state: LogsState;
  update: UpdateState;
  result: ReturnType<typeof useLogRows>;
  total: number | undefined; // lines in the whole range
  matching: number | undefined; // about as many, by the histogram
  zone: Zone;
  run: number;
  pattern?: RegExp;
  onFilter: FieldFilterHandler;
  onContext(row: Row): void;
  onRetry(): void;
  onReset?: () => void;
  handle: Ref<ListHandle>;
}

// The lines of a log query, or why there are none.
export function Results(props: Props) {
  const { state, update, result, zone, pattern } = props;
  const { t, number } = useI18n();
  const { rows } = result;
  if (result.isPending) return <LoadingState />;
  if (result.isError && rows.length === 0)
    return <ErrorState error={result.error} query={state.query} onRetry={props.onRetry} />;
  if (rows.length === 0) return <Nothing {...props} />;
  return (
    <>
      <Toolbar state={state} update={update}>
        <span data-testid="row-count" data-count={rows.length}>
          <b>{number(rows.length)}</b> {t(result.hasNextPage ? "toolbar.loaded" : "toolbar.all")}
        </span>
        {result.hasNextPage && <Matching {...props} />}
        {result.warnings.map((warning) => (
          <span key={warning} className={styles.warning}>
            {warning}
          </span>
        ))}
      </Toolbar>
      <LogList
        key={rows[0]!.id}
        rows={rows}
        zone={zone}
        wrap={state.wrap}
        pattern={pattern}
        follow={false}
        more={result.hasNextPage && !result.isError && !result.isPlaceholderData}
        loadingMore={result.isFetchingNextPage}
        onMore={result.fetchNextPage}
        onFilter={props.onFilter}
        onContext={props.onContext}
        handle={props.handle}
        footer={
          result.isError ? (
            <NextPageError message={result.error.message} onRetry={() => void result.fetchNextPage()} />
          ) : (
            t("list.end")
          )
        }
      />
    </>
  );
}

// The exact number where the server could count; while it counts, or when that takes too long, the histogram's.
function Matching({ total, matching }: Pick<Props, "total" | "matching">) {
  const { t, number } = useI18n();
  if (total !== undefined) {
    return (
      <span data-testid="row-total" data-count={total}>
        {t("toolbar.total", { count: number(total) })}
      </span>
    );
  }
  return matching === undefined ? null : <span>{t("toolbar.matching", { count: number(matching) })}</span>;
}

function NextPageError({ message, onRetry }: { message: string; onRetry(): void }) {
  const { t } = useI18n();
  return (
    <span className={styles.warning} data-testid="error-state">
      {message}{" "}
      <Button size="compact-xs" variant="subtle" onClick={onRetry}>
        {t("error.retry")}
      </Button>
    </span>
  );
}

function Nothing({ state, update, run, onRetry, onReset }: Props) {
  const any = useHasAnyLogs(true, run);
  if (any.isPending) return <LoadingState />;
  if (any.error) return <ErrorState error={any.error} query={state.query} onRetry={onRetry} />;
  if (!any.data) return <NoDataState onRetry={onRetry} />;
  return <NoMatchState onRange={(from) => update({ from, to: "now" })} onReset={onReset} />;
}
