import { TextInput } from "@mantine/core";
import { useState } from "react";
import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import type { Entry } from "./Workbench";
import styles from "./Workbench.module.css";

interface Props {
  entries: readonly Entry[];
  chosen: string | undefined;
  isChanged(entry: Entry): boolean;
  label: string;
  searchLabel: string;
  onChoose(id: string): void;
}

const kSearchFrom = 8; // fewer are seen at a glance

export function EntryList({ entries, chosen, isChanged, label, searchLabel, onChoose }: Props) {
  const { t } = useI18n();
  const [search, setSearch] = useState("");
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = entries.filter(({ name, group = "" }) => {
    const text = `${group} ${name}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <nav className={styles.list} aria-label={label} data-testid="entries">
      {entries.length >= kSearchFrom && (
        <TextInput
          size="xs"
          mb={6}
          value={search}
          placeholder={searchLabel}
          aria-label={searchLabel}
          data-testid="entry-search"
          leftSection={<Icon name="search" size={13} />}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      {shown.map((entry, index) => (
        <div key={entry.id}>
          {entry.group !== undefined && entry.group !== shown[index - 1]?.group && (
            <h2 title={entry.group}>{entry.group}</h2>
          )}
          <button
            type="button"
            aria-current={entry.id === chosen || undefined}
            onClick={() => onChoose(entry.id)}
            data-entry={entry.name}
            data-source={entry.source}
          >
            <span>{entry.name}</span>
            {isChanged(entry) && <em title={t("edit.changed")}>●</em>}
            <b>{t(entry.source === "file" ? "edit.file" : "edit.api")}</b>
          </button>
        </div>
      ))}
    </nav>
  );
}
