import { ActionIcon, Loader } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useMemo, useRef, useState } from "react";
import type { MetricMetadata } from "../api/prometheus_types";
import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import { usualQuery } from "../promql/edit";
import { kNameLabel, metricSelector, type MatchOp } from "../promql/names";
import { nowNs, kHour } from "../time/ns";
import type { Interval } from "../time/range";
import { metadataOf, useMetadata, useMetricLabels, useMetricLabelValues, useMetricNames } from "./queries";
import { BrowserPanel } from "../logs/BrowserPanel";
import panel from "../logs/LabelBrowser.module.css";
import styles from "./MetricBrowser.module.css";

interface Props {
  interval: Interval | undefined;
  onInsert(text: string): void; // at the cursor
  onAsk(query: string): void; // in place of the query
  onMatcher(metric: string, name: string, op: MatchOp, value: string): void;
  onClose(): void;
}

const kRowPx = 30;

// All metrics of the range, found by name or by what they mean.
export function MetricBrowser(props: Props) {
  const { t, number } = useI18n();
  const { interval, onClose } = props;
  const names = useMetricNames(interval);
  const metadata = useMetadata();
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search).trim().toLowerCase();
  const [opened, setOpened] = useState<string>();
  const shown = useMemo(() => matching(names.data ?? [], metadata.data, wanted), [names.data, metadata.data, wanted]);
  return (
    <BrowserPanel
      title={t("prom.browser")}
      count={names.data && <i data-testid="metric-count">{number(shown.length)}</i>}
      searchLabel={t("prom.search")}
      search={search}
      testId="metric"
      className={styles.browser}
      onSearch={setSearch}
      onClose={onClose}
    >
      {names.isPending && interval && <Loader size="xs" m={10} />}
      {names.error && <div className={panel.note}>{names.error.message}</div>}
      {names.data && shown.length === 0 && <div className={panel.note}>{t("prom.noneFits")}</div>}
      <List {...props} names={shown} metadata={metadata.data} opened={opened} onOpen={setOpened} />
    </BrowserPanel>
  );
}

// Each word must be in the name or the help.
function matching(
  names: readonly string[],
  metadata: Record<string, MetricMetadata[]> | undefined,
  wanted: string,
): readonly string[] {
  if (wanted === "") return names;
  const words = wanted.split(/\s+/);
  return names.filter((name) => {
    const text = `${name} ${metadataOf(metadata, name)?.help ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

interface ListProps extends Props {
  names: readonly string[];
  metadata: Record<string, MetricMetadata[]> | undefined;
  opened: string | undefined;
  onOpen(name: string | undefined): void;
}

// Only the rows near the window are made: there may be tens of thousands.
function List({ names, metadata, opened, onOpen, ...rest }: ListProps) {
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: names.length,
    getScrollElement: () => box.current,
    estimateSize: () => kRowPx,
    overscan: 12,
    getItemKey: (index) => names[index]!,
  });
  return (
    <div ref={box} className={panel.list}>
      <div style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map(({ index, start, key }) => {
          const name = names[index]!;
          return (
            <div
              key={key}
              ref={rows.measureElement}
              data-index={index}
              className={styles.place}
              style={{ transform: `translateY(${start}px)` }}
            >
              <Metric
                {...rest}
                name={name}
                metadata={metadataOf(metadata, name)}
                opened={name === opened}
                onToggle={() => onOpen(name === opened ? undefined : name)}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface MetricProps extends Props {
  name: string;
  metadata: MetricMetadata | undefined;
  opened: boolean;
  onToggle(): void;
}

function Metric({ name, metadata, opened, onToggle, ...rest }: MetricProps) {
  const { t } = useI18n();
  const usual = usualQuery(name, metadata);
  const selector = metricSelector(name);
  return (
    <div className={styles.metric} data-metric={name} data-open={opened || undefined}>
      <div className={styles.line}>
        <button type="button" className={panel.label} aria-expanded={opened} onClick={onToggle} title={metadata?.help}>
          <Icon name={opened ? "chevronDown" : "chevronRight"} size={12} />
          <span>{name}</span>
          {metadata && metadata.type !== "unknown" && <b data-type={metadata.type}>{metadata.type}</b>}
        </button>
        <ActionIcon
          size="sm"
          className={styles.insert}
          onClick={() => rest.onInsert(selector)}
          aria-label={t("prom.insert")}
          title={t("prom.insert")}
          data-testid="insert-metric"
        >
          <Icon name="plus" size={13} />
        </ActionIcon>
      </div>
      {opened && (
        <div className={styles.detail} data-testid="metric-detail">
          {metadata?.help && <p>{metadata.help}</p>}
          {metadata?.unit && <p>{t("prom.unit", { unit: metadata.unit })}</p>}
          <button type="button" className={styles.usual} onClick={() => rest.onAsk(usual)} data-testid="usual-query">
            {usual}
          </button>
          <MetricLabels {...rest} metric={name} />
        </div>
      )}
    </div>
  );
}

function MetricLabels({ metric, interval, onMatcher }: Props & { metric: string }) {
  const { t } = useI18n();
  const now = nowNs();
  const span = interval ?? { start: now - kHour, end: now };
  const labels = useMetricLabels(metricSelector(metric), span, true);
  if (labels.isPending) return <Loader size={12} />;
  if (labels.error) return <div className={panel.note}>{labels.error.message}</div>;
  const names = labels.data.filter((name) => name !== kNameLabel);
  if (names.length === 0) return <div className={panel.note}>{t("prom.noLabels")}</div>;
  return (
    <>
      {names.map((name) => (
        <LabelValues key={name} metric={metric} name={name} interval={span} onMatcher={onMatcher} />
      ))}
    </>
  );
}

const kValuesShown = 100;

interface ValuesProps {
  metric: string;
  name: string;
  interval: Interval;
  onMatcher: Props["onMatcher"];
}

function LabelValues({ metric, name, interval, onMatcher }: ValuesProps) {
  const { t, number } = useI18n();
  const [opened, setOpened] = useState(false);
  const values = useMetricLabelValues(name, metricSelector(metric), interval, opened);
  return (
    <div data-label={name}>
      <button type="button" className={panel.label} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <Icon name={opened ? "chevronDown" : "chevronRight"} size={12} />
        <span>{name}</span>
        {values.data && <b>{number(values.data.length)}</b>}
      </button>
      {opened && (
        <div className={panel.values}>
          {values.isPending && <Loader size={12} ml={8} />}
          {values.error && <div className={panel.note}>{values.error.message}</div>}
          {values.data?.slice(0, kValuesShown).map((value) => (
            <div key={value} className={panel.value}>
              <button type="button" title={value} onClick={() => onMatcher(metric, name, "=", value)}>
                {value}
              </button>
              <button
                type="button"
                className={panel.out}
                title={t("detail.filterOut")}
                aria-label={t("detail.filterOut")}
                onClick={() => onMatcher(metric, name, "!=", value)}
              >
                <Icon name="exclude" size={13} />
              </button>
            </div>
          ))}
          {values.data && values.data.length > kValuesShown && (
            <div className={panel.note}>{t("labels.more", { count: number(values.data.length - kValuesShown) })}</div>
          )}
        </div>
      )}
    </div>
  );
}
