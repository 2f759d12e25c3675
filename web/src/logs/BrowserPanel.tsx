import { ActionIcon, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import styles from "./LabelBrowser.module.css";

interface Props {
  title: string;
  count?: ReactNode; // behind the title
  searchLabel: string;
  search: string;
  testId: string;
  className?: string;
  children: ReactNode;
  onSearch(text: string): void;
  onClose(): void;
}

// The column beside the results in which names are searched: its head, the search, and what was found.
export function BrowserPanel({ title, count, searchLabel, search, testId, className, children, ...on }: Props) {
  const { t } = useI18n();
  return (
    <aside className={`${styles.browser} ${className ?? ""}`} aria-label={title} data-testid={`${testId}-browser`}>
      <div className={styles.head}>
        <span>
          {title} {count}
        </span>
        <ActionIcon size="sm" onClick={on.onClose} aria-label={t("common.close")}>
          <Icon name="close" size={14} />
        </ActionIcon>
      </div>
      <TextInput
        size="xs"
        m={8}
        mt={0}
        placeholder={searchLabel}
        value={search}
        aria-label={searchLabel}
        data-testid={`${testId}-search`}
        onChange={(event) => on.onSearch(event.currentTarget.value)}
        leftSection={<Icon name="search" size={13} />}
      />
      {children}
    </aside>
  );
}
