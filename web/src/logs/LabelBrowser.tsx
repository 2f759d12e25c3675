import { Loader } from "@mantine/core";
import { useMemo, useState } from "react";
import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import type { Interval } from "../time/range";
import { BrowserPanel } from "./BrowserPanel";
import type { FieldFilterHandler } from "./LogDetail";
import { useLabelNames, useLabelValues } from "./queries";
import styles from "./LabelBrowser.module.css";

interface Props {
  interval: Interval | undefined;
  run: number;
  onFilter: FieldFilterHandler;
  onClose(): void;
}

const kValuesShown = 200;

// All labels of the range and their values; a click asks for that value.
export function LabelBrowser({ interval, run, onFilter, onClose }: Props) {
  const { t } = useI18n();
  const names = useLabelNames(interval, run);
  const [search, setSearch] = useState("");
  const shown = names.data ?? [];
  return (
    <BrowserPanel
      title={t("labels.title")}
      searchLabel={t("labels.search")}
      search={search}
      testId="label"
      onSearch={setSearch}
      onClose={onClose}
    >
      <div className={styles.list}>
        {names.isPending && interval && <Loader size="xs" m={10} />}
        {names.error && <div className={styles.note}>{names.error.message}</div>}
        {names.data?.length === 0 && <div className={styles.note}>{t("labels.none")}</div>}
        {shown.map((name) => (
          <Label key={name} name={name} search={search} interval={interval} onFilter={onFilter} />
        ))}
      </div>
    </BrowserPanel>
  );
}

interface LabelProps {
  name: string;
  search: string;
  interval: Interval | undefined;
  onFilter: FieldFilterHandler;
}

function Label({ name, search, interval, onFilter }: LabelProps) {
  const { t, number } = useI18n();
  const [opened, setOpened] = useState(name === "service_name");
  const values = useLabelValues(name, interval, opened);
  const wanted = search.trim().toLowerCase();
  const nameMatches = name.toLowerCase().includes(wanted);
  const matching = useMemo(
    () => (values.data ?? []).filter((value) => nameMatches || value.toLowerCase().includes(wanted)),
    [values.data, nameMatches, wanted],
  );
  if (!nameMatches && matching.length === 0) return null;
  return (
    <div>
      <button type="button" className={styles.label} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <Icon name={opened ? "chevronDown" : "chevronRight"} size={12} />
        <span>{name}</span>
        {values.data && <b>{number(values.data.length)}</b>}
      </button>
      {opened && (
        <div className={styles.values}>
          {values.isPending && <Loader size={12} ml={8} />}
          {values.error && <div className={styles.note}>{values.error.message}</div>}
          {matching.slice(0, kValuesShown).map((value) => (
            <div key={value} className={styles.value}>
              <button type="button" title={value} onClick={() => onFilter({ name, value, origin: "label" }, "for")}>
                {value}
              </button>
              <button
                type="button"
                className={styles.out}
                title={t("detail.filterOut")}
                aria-label={t("detail.filterOut")}
                onClick={() => onFilter({ name, value, origin: "label" }, "out")}
              >
                <Icon name="exclude" size={13} />
              </button>
            </div>
          ))}
          {matching.length > kValuesShown && (
            <div className={styles.note}>{t("labels.more", { count: number(matching.length - kValuesShown) })}</div>
          )}
        </div>
      )}
    </div>
  );
}
