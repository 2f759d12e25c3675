import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { promTsdbStatus } from "../api/prometheus";
import type { NamedCount, TsdbStatus } from "../api/prometheus_types";
import { useI18n, type Key } from "../i18n";
import { Notice } from "../logs/states";
import { nsFromMs } from "../time/ns";
import { formatTime } from "../time/zone";
import { Icon } from "../app/icons";
import { TopList } from "./TopList";
import { TopPage } from "./TopPage";
import { bytesText, labelQuery, metricQuery, pairQuery } from "./tsdb";
import styles from "./TsdbPage.module.css";

const kLimits = [10, 20, 50, 100, 500] as const;

type List =
  "seriesCountByMetricName" | "labelValueCountByLabelName" | "memoryInBytesByLabelName" | "seriesCountByLabelValuePair";

interface Column {
  list: List;
  title: Key;
  help: Key;
  bytes?: boolean;
  query?: (name: string) => string;
}

const kColumns: readonly Column[] = [
  { list: "seriesCountByMetricName", title: "tsdb.byName", help: "tsdb.byNameHelp", query: metricQuery },
  { list: "labelValueCountByLabelName", title: "tsdb.byLabel", help: "tsdb.byLabelHelp", query: labelQuery },
  { list: "seriesCountByLabelValuePair", title: "tsdb.byPair", help: "tsdb.byPairHelp", query: pairQuery },
  { list: "memoryInBytesByLabelName", title: "tsdb.memory", help: "tsdb.memoryHelp", bytes: true },
];

// What makes up the series in memory: the first place to look when there are too many.
export default function TsdbPage() {
  const { t } = useI18n();
  const [limit, setLimit] = useState<number>(20);
  const answer = useQuery({
    queryKey: ["tsdb", limit],
    queryFn: ({ signal }) => promTsdbStatus(limit, signal),
    placeholderData: (previous) => previous,
  });
  return (
    <TopPage
      title={t("tsdb.title")}
      counts={kLimits}
      count={limit}
      onCount={setLimit}
      countTestId="tsdb-limit"
      answer={answer}
    >
      {(status, retry) => (status.headStats.numSeries > 0 ? <Status status={status} /> : <None onRetry={retry} />)}
    </TopPage>
  );
}

function None({ onRetry }: { onRetry: () => void }) {
  const { t } = useI18n();
  return (
    <Notice icon="database" title={t("tsdb.none.title")} testId="empty-state">
      <p>{t("tsdb.none.advice")}</p>
      <Button size="xs" onClick={onRetry} leftSection={<Icon name="refresh" size={14} />}>
        {t("empty.noData.retry")}
      </Button>
    </Notice>
  );
}

function Status({ status }: { status: TsdbStatus }) {
  const { t, number } = useI18n();
  const { numSeries, numLabelPairs, chunkCount, minTime, maxTime } = status.headStats;
  const time = (ms: number) => (ms > 0 && ms < 8.64e15 ? formatTime(nsFromMs(ms), "browser", "second") : "–");
  const facts: [Key, string][] = [
    ["tsdb.series", number(numSeries)],
    ["tsdb.pairs", numLabelPairs === undefined ? "–" : number(numLabelPairs)],
    ["tsdb.chunks", number(chunkCount)],
    ["tsdb.oldest", time(minTime)],
    ["tsdb.newest", time(maxTime)],
  ];
  return (
    <div className={styles.status} data-testid="tsdb-status" tabIndex={0}>
      <dl className={styles.facts}>
        {facts.map(([label, text]) => (
          <div key={label}>
            <dt>{t(label)}</dt>
            <dd data-testid={label}>{text}</dd>
          </div>
        ))}
      </dl>
      <div className={styles.columns}>
        {kColumns.map((column) => (
          <Top key={column.list} column={column} rows={status[column.list]} total={numSeries} />
        ))}
      </div>
    </div>
  );
}

function Top({ column, rows, total }: { column: Column; rows: readonly NamedCount[]; total: number }) {
  const { t, number, percent } = useI18n();
  const ofSeries = column.list === "seriesCountByMetricName" || column.list === "seriesCountByLabelValuePair";
  return (
    <TopList
      title={t(column.title)}
      help={t(column.help)}
      testId={column.list}
      rows={rows.map(({ name, value }) => ({
        name,
        value,
        text: column.bytes ? bytesText(value) : number(value),
        note: ofSeries ? percent(value / total) : undefined,
        query: column.query?.(name),
      }))}
    />
  );
}
