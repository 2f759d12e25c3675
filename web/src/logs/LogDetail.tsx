import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import { Icon } from "../app/icons";
import { useI18n, type Key } from "../i18n";
import type { FieldFilter, FieldOrigin, FilterMode } from "../logql/edit";
import { formatTime, isoTime, type Zone } from "../time/zone";
import { copyText } from "./copy";
import { fieldsOf } from "./fields";
import { IconButton } from "./IconButton";
import { JsonView } from "./JsonView";
import { prettyJson } from "./pretty_json";
import type { Row } from "./row";
import styles from "./LogDetail.module.css";

export type FieldFilterHandler = (filter: FieldFilter, mode: FilterMode) => void;

interface Props {
  row: Row;
  zone: Zone;
  onFilter: FieldFilterHandler;
  onContext(row: Row): void;
}

interface Group {
  title: Key;
  origin: FieldOrigin;
  entries: [string, string][];
}

function groupsOf(row: Row): Group[] {
  const { format, fields } = fieldsOf(row.line);
  const own = Object.entries(fields).filter(([name]) => !(name in row.parsed));
  const groups: Group[] = [
    { title: "detail.labels", origin: "label", entries: Object.entries(row.labels) },
    { title: "detail.metadata", origin: "metadata", entries: Object.entries(row.metadata) },
    { title: "detail.parsed", origin: "parsed", entries: Object.entries(row.parsed) },
    { title: "detail.fields", origin: format === "logfmt" ? "logfmt" : "json", entries: own },
  ];
  return groups.filter((group) => group.entries.length > 0);
}

export function LogDetail({ row, zone, onFilter, onContext }: Props) {
  const { t } = useI18n();
  const groups = useMemo(() => groupsOf(row), [row]);
  const json = useMemo(() => (fieldsOf(row.line).format === "json" ? prettyJson(row.line.trim()) : undefined), [row]);
  const ns = BigInt(row.ns);
  return (
    <div className={styles.detail} data-testid="log-detail">
      <div className={styles.actions}>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<Icon name="context" size={13} />}
          onClick={() => onContext(row)}
          data-testid="context-button"
        >
          {t("detail.context")}
        </Button>
        <CopyButton text={row.line} label={t("detail.copyLine")} />
        <CopyButton text={asJson(row)} label={t("detail.copyJson")} />
        <span className={styles.when} title={row.ns}>
          {formatTime(ns, zone, "ns")}
        </span>
      </div>
      <div className={styles.columns}>
        <div className={styles.fields}>
          {groups.map((group) => (
            <section key={group.title}>
              <h4>{t(group.title)}</h4>
              {group.entries.map(([name, value]) => (
                <Field key={name} name={name} value={value} origin={group.origin} onFilter={onFilter} />
              ))}
            </section>
          ))}
        </div>
        {json ? <JsonView lines={json} /> : <pre className={styles.text}>{row.line}</pre>}
      </div>
    </div>
  );
}

function Field({ name, value, origin, onFilter }: FieldFilter & { onFilter: FieldFilterHandler }) {
  const { t } = useI18n();
  const filter = { name, value, origin };
  return (
    <div className={styles.field} data-field={name}>
      <IconButton
        icon="include"
        label={t("detail.filterFor")}
        testId="filter-for"
        onClick={() => onFilter(filter, "for")}
      />
      <IconButton
        icon="exclude"
        label={t("detail.filterOut")}
        testId="filter-out"
        onClick={() => onFilter(filter, "out")}
      />
      <CopyIcon text={value} />
      <span className={styles.name}>{name}</span>
      <span className={styles.value}>{value}</span>
    </div>
  );
}

const kCopiedMs = 1200;

function useCopy(text: string): [boolean, () => void] {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void copyText(text).then((done) => {
      setCopied(done);
      setTimeout(() => setCopied(false), kCopiedMs);
    });
  };
  return [copied, copy];
}

function CopyIcon({ text }: { text: string }) {
  const { t } = useI18n();
  const [copied, copy] = useCopy(text);
  return <IconButton icon={copied ? "check" : "copy"} label={t("detail.copyValue")} onClick={copy} />;
}

function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, copy] = useCopy(text);
  return (
    <Button
      size="compact-xs"
      variant="default"
      leftSection={<Icon name={copied ? "check" : "copy"} size={13} />}
      onClick={copy}
    >
      {label}
    </Button>
  );
}

function asJson(row: Row): string {
  const { ns, line, labels, metadata, parsed } = row;
  return JSON.stringify(
    { timestamp: isoTime(BigInt(ns)), ns, line, labels, structuredMetadata: metadata, parsed },
    null,
    2,
  );
}
