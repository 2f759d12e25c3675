import { Button, Loader, TextInput, useComputedColorScheme } from "@mantine/core";
import { lazy, Suspense, useMemo, useRef, useState, type Ref } from "react";
import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import { selectorText, type FilterMode } from "../logql/edit";
import { patternModes, togglePatternFilter } from "../logql/pattern_filter";
import { quote } from "../logql/text";
import { kSecond } from "../time/ns";
import type { Interval } from "../time/range";
import { IconButton } from "./IconButton";
import { levelColor } from "./level";
import type { ListHandle } from "./LogList";
import { patternPieces, patternRows, trendOf, type PatternRow } from "./patterns";
import { trendStep, usePatterns, useSampleLine } from "./queries";
import { Share } from "./Share";
import { ErrorState, LoadingState, NoPatternsState } from "./states";
import { useRowKeys } from "./useRowKeys";
import styles from "./table.module.css";

const Sparkline = lazy(() => import("./Sparkline"));

const kShownAtOnce = 100;

interface Props {
  query: string;
  interval: Interval;
  run: number;
  ask(query: string): void;
  onRetry(): void;
  handle: Ref<ListHandle>;
}

// What kinds of lines the selector has, most frequent first.
export function PatternsView({ query, interval, run, ask, onRetry, handle }: Props) {
  const { t, number } = useI18n();
  const selector = selectorText(query) ?? "";
  const patterns = usePatterns(selector, interval, run);
  const [search, setSearch] = useState("");
  const [shownMax, setShownMax] = useState(kShownAtOnce);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const box = useRef<HTMLDivElement>(null);
  useRowKeys(handle, box);
  const modes = useMemo(() => patternModes(query), [query]);
  const rows = useMemo(() => patternRows(patterns.data ?? []), [patterns.data]);
  const fitting = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return rows.filter((row) => row.pattern.toLowerCase().includes(wanted));
  }, [rows, search]);
  if (patterns.error) return <ErrorState error={patterns.error} query={selector} onRetry={onRetry} />;
  if (!patterns.data) return <LoadingState />;
  if (rows.length === 0) return <NoPatternsState />;
  const toggle = (key: string) => {
    const next = new Set(opened);
    if (!next.delete(key)) next.add(key);
    setOpened(next);
  };
  return (
    <>
      <div className={styles.bar}>
        <span role="status" data-testid="pattern-count" data-count={rows.length}>
          <b>{number(rows.length)}</b> {t("patterns.found")}
        </span>
        {selector !== query.trim() && <span data-testid="patterns-of-selector">{t("patterns.ofSelector")}</span>}
        <div className={styles.fill} />
        <TextInput
          size="xs"
          w={220}
          placeholder={t("patterns.search")}
          aria-label={t("patterns.search")}
          data-testid="pattern-search"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          leftSection={<Icon name="search" size={13} />}
        />
      </div>
      <div ref={box} className={styles.body} data-testid="patterns-view">
        {fitting.length === 0 && <div className={styles.note}>{t("patterns.noneFits")}</div>}
        {fitting.slice(0, shownMax).map((row) => {
          const key = `${row.level} ${row.pattern}`;
          return (
            <Pattern
              key={key}
              row={row}
              selector={selector}
              interval={interval}
              mode={modes.get(row.pattern)}
              opened={opened.has(key)}
              onToggle={() => toggle(key)}
              onFilter={(mode) => ask(togglePatternFilter(query, row.pattern, mode))}
            />
          );
        })}
        {fitting.length > shownMax && (
          <Button
            className={styles.more}
            size="compact-xs"
            variant="default"
            onClick={() => setShownMax(shownMax + kShownAtOnce)}
          >
            {t("patterns.more", { count: number(fitting.length - shownMax) })}
          </Button>
        )}
      </div>
    </>
  );
}

interface PatternProps {
  row: PatternRow;
  selector: string;
  interval: Interval;
  mode: FilterMode | undefined;
  opened: boolean;
  onToggle(): void;
  onFilter(mode: FilterMode): void;
}

function Pattern({ row, selector, interval, mode, opened, onToggle, onFilter }: PatternProps) {
  const { t, number } = useI18n();
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const trend = useMemo(() => {
    const [start, end, step] = [interval.start, interval.end, trendStep(interval)].map((ns) => Number(ns / kSecond));
    return trendOf(row.samples, start!, end!, step!);
  }, [row.samples, interval]);
  return (
    <section
      className={styles.row}
      data-open={opened || undefined}
      data-testid="pattern-row"
      data-pattern={row.pattern}
      data-level={row.level}
      data-mode={mode}
    >
      <div className={styles.head}>
        <div className={styles.buttons}>
          <IconButton
            icon="include"
            label={t("patterns.filterFor")}
            testId="filter-for"
            pressed={mode === "for"}
            onClick={() => onFilter("for")}
          />
          <IconButton
            icon="exclude"
            label={t("patterns.filterOut")}
            testId="filter-out"
            pressed={mode === "out"}
            onClick={() => onFilter("out")}
          />
        </div>
        <button type="button" className={styles.opener} aria-expanded={opened} onClick={onToggle} data-row>
          <i
            className={styles.dot}
            style={{ background: levelColor(row.level) }}
            role="img"
            aria-label={t(`level.${row.level}`)}
            title={t(`level.${row.level}`)}
          />
          <PatternText pattern={row.pattern} />
        </button>
        <span className={styles.trend}>
          <Suspense>
            <Sparkline
              data={trend}
              color={`--level-${row.level}`}
              scheme={scheme}
              width={150}
              height={24}
              label={t("patterns.trend")}
            />
          </Suspense>
        </span>
        <span className={styles.count} data-count={row.count}>
          {t("patterns.lines", { count: number(row.count) })}
        </span>
        <Share share={row.share} />
      </div>
      {opened && <Sample query={`${selector} |> ${quote(row.pattern)}`} interval={interval} />}
    </section>
  );
}

function PatternText({ pattern }: { pattern: string }) {
  const pieces = useMemo(() => patternPieces(pattern), [pattern]);
  return (
    <span className={styles.pattern}>
      {pieces.map(({ text, gap }, index) =>
        gap ? (
          <mark key={index} className={styles.gap}>
            {text}
          </mark>
        ) : (
          text
        ),
      )}
    </span>
  );
}

function Sample({ query, interval }: { query: string; interval: Interval }) {
  const { t } = useI18n();
  const sample = useSampleLine(query, interval);
  return (
    <div className={styles.values}>
      <div className={styles.note}>{t("patterns.sample")}</div>
      {sample.isPending && <Loader size={14} aria-label={t("common.loading")} />}
      {sample.error && <div className={styles.warning}>{sample.error.message}</div>}
      {sample.isSuccess && (
        <pre className={styles.sample} data-testid="pattern-sample">
          {sample.data ?? t("patterns.noSample")}
        </pre>
      )}
    </div>
  );
}
