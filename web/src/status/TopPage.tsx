import { Button, Select } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useI18n } from "../i18n";
import { ErrorState, LoadingState } from "../logs/states";
import page from "../logs/LogsPage.module.css";
import styles from "./TopPage.module.css";

interface Props<Data> {
  title: string;
  counts: readonly number[]; // to choose from
  count: number;
  onCount: (count: number) => void;
  countTestId: string;
  answer: Pick<UseQueryResult<Data>, "data" | "error" | "refetch" | "isFetching">;
  children: (data: Data, retry: () => void) => ReactNode;
}

// A page of the greatest of something: how many of them, again, and what came of asking.
export function TopPage<Data>({ title, counts, count, onCount, countTestId, answer, children }: Props<Data>) {
  const { t, number } = useI18n();
  const { data, error, refetch, isFetching } = answer;
  const retry = () => void refetch();
  return (
    <div className={page.page}>
      <div className={page.column}>
        <header className={page.top}>
          <h1 className={styles.title}>{title}</h1>
          {error && data !== undefined && <span className={page.warning}>{error.message}</span>}
          <Select
            size="xs"
            w={130}
            allowDeselect={false}
            aria-label={t("tsdb.limit")}
            data-testid={countTestId}
            data={counts.map((value) => ({ value: String(value), label: t("tsdb.top", { count: number(value) }) }))}
            value={String(count)}
            onChange={(value) => onCount(Number(value))}
            comboboxProps={{ shadow: "md" }}
          />
          <Button size="xs" variant="default" loading={isFetching} onClick={retry} data-testid="reload-button">
            {t("targets.reload")}
          </Button>
        </header>
        <section className={page.body}>
          {error && data === undefined && <ErrorState error={error} query="" onRetry={retry} />}
          {!error && data === undefined && <LoadingState />}
          {data !== undefined && children(data, retry)}
        </section>
      </div>
    </div>
  );
}
