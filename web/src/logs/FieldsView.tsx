import { Loader, TextInput } from "@mantine/core";
import { useMemo, useRef, useState, type Ref } from "react";
import type { DetectedField } from "../api/types";
import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import type { FieldOrigin } from "../logql/edit";
import type { Interval } from "../time/range";
import { IconButton } from "./IconButton";
import type { FieldFilterHandler } from "./LogDetail";
import type { ListHandle } from "./LogList";
import { kFieldsSample, kTopValues, useDetectedFields, useLineCount, useTopValues, type TopValue } from "./queries";
import { Share } from "./Share";
import { ErrorState, LoadingState, NoFieldsState } from "./states";
import { useRowKeys } from "./useRowKeys";
import styles from "./table.module.css";

interface Props {
  query: string;
  interval: Interval;
  run: number;
  onFilter: FieldFilterHandler;
  onRetry(): void;
  handle: Ref<ListHandle>;
}

// The fields of the newest lines, and under each the values that most lines of the whole range have.
export function FieldsView(props: Props) {
  const { query, interval, run, handle } = props;
  const { t, number } = useI18n();
  const fields = useDetectedFields(query, interval, run);
  const [search, setSearch] = useState("");
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const box = useRef<HTMLDivElement>(null);
  useRowKeys(handle, box);
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return (fields.data ?? []).filter((field) => field.label.toLowerCase().includes(wanted));
  }, [fields.data, search]);
  if (fields.error) return <ErrorState error={fields.error} query={query} onRetry={props.onRetry} />;
  if (!fields.data) return <LoadingState />;
  if (fields.data.length === 0) return <NoFieldsState />;
  const toggle = (name: string) => {
    const next = new Set(opened);
    if (!next.delete(name)) next.add(name);
    setOpened(next);
  };
  return (
    <>
      <div className={styles.bar}>
        <span role="status" data-testid="field-count" data-count={fields.data.length}>
          <b>{number(fields.data.length)}</b> {t("fields.found", { sample: number(kFieldsSample) })}
        </span>
        <div className={styles.fill} />
        <TextInput
          size="xs"
          w={220}
          placeholder={t("fields.search")}
          aria-label={t("fields.search")}
          data-testid="field-search"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          leftSection={<Icon name="search" size={13} />}
        />
      </div>
      <div ref={box} className={styles.body} data-testid="fields-view">
        {shown.length === 0 && <div className={styles.note}>{t("fields.noneFits")}</div>}
        {shown.map((field) => (
          <FieldRow
            key={field.label}
            {...props}
            field={field}
            opened={opened.has(field.label)}
            onToggle={() => toggle(field.label)}
          />
        ))}
      </div>
    </>
  );
}

interface RowProps extends Props {
  field: DetectedField;
  opened: boolean;
  onToggle(): void;
}

function FieldRow(props: RowProps) {
  const { field, opened, onToggle } = props;
  const { t, number } = useI18n();
  return (
    <section className={styles.row} data-field-row={field.label}>
      <div className={styles.head}>
        <button type="button" className={styles.opener} aria-expanded={opened} onClick={onToggle} data-row>
          <Icon name={opened ? "chevronDown" : "chevronRight"} size={12} />
          <span className={styles.name}>{field.label}</span>
          <span className={styles.tag}>{field.parsers?.join(", ") ?? t("fields.metadata")}</span>
          <span className={styles.tag} data-type={field.type}>
            {t(`fields.type.${field.type}`)}
          </span>
          <span className={styles.count} title={t("fields.cardinalityHelp")} data-cardinality={field.cardinality}>
            {t("fields.cardinality", { count: number(field.cardinality) })}
          </span>
        </button>
      </div>
      {opened && <TopValues {...props} />}
    </section>
  );
}

function TopValues({ query, field, interval, run, onFilter }: RowProps) {
  const { t } = useI18n();
  const top = useTopValues(query, field, interval, run);
  const total = useLineCount(query, interval, run);
  if (top.isPending) return <Loader size={14} ml={26} mb={8} aria-label={t("common.loading")} />;
  if (top.error) return <div className={styles.values}>{top.error.message}</div>;
  const { values, uncounted } = top.data;
  const origin = (field.parsers?.[0] ?? "metadata") as FieldOrigin;
  const filter = (value: string, mode: "for" | "out") => onFilter({ name: field.label, value, origin }, mode);
  return (
    <div className={styles.values}>
      {uncounted !== undefined && <div className={styles.warning}>{t("fields.uncounted", { reason: uncounted })}</div>}
      {values.length === 0 && <div className={styles.note}>{t("fields.noValues")}</div>}
      {values.map((top) => (
        <Value key={top.value} top={top} total={total.data} onFilter={(mode) => filter(top.value, mode)} />
      ))}
      {field.cardinality > kTopValues && values.length === kTopValues && (
        <div className={styles.note}>{t("fields.topOnly", { count: kTopValues })}</div>
      )}
    </div>
  );
}

interface ValueProps {
  top: TopValue;
  total: number | undefined;
  onFilter(mode: "for" | "out"): void;
}

function Value({ top: { value, count }, total, onFilter }: ValueProps) {
  const { t, number } = useI18n();
  return (
    <div className={styles.value} data-field-value={value}>
      <div className={styles.buttons}>
        <IconButton icon="include" label={t("detail.filterFor")} testId="filter-for" onClick={() => onFilter("for")} />
        <IconButton icon="exclude" label={t("detail.filterOut")} testId="filter-out" onClick={() => onFilter("out")} />
      </div>
      <span className={styles.text} title={value}>
        {value}
      </span>
      {count !== undefined && (
        <span className={styles.count} data-count={count}>
          {t("patterns.lines", { count: number(count) })}
        </span>
      )}
      {count !== undefined && total ? <Share share={count / total} /> : null}
    </div>
  );
}
