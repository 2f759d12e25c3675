import { useRef, type KeyboardEvent } from "react";
import { Icon, type IconName } from "../app/icons";
import { useI18n, type Key } from "../i18n";
import { kLogViews, type LogView } from "./url_state";
import styles from "./ViewTabs.module.css";

const kTabs: Record<LogView, { icon: IconName; label: Key }> = {
  lines: { icon: "logs", label: "view.lines" },
  fields: { icon: "fields", label: "view.fields" },
  patterns: { icon: "patterns", label: "view.patterns" },
};

// What is shown of a log query. The arrow keys go from tab to tab, as in every row of tabs.
export function ViewTabs({ view, onView }: { view: LogView; onView(view: LogView): void }) {
  const { t } = useI18n();
  const list = useRef<HTMLDivElement>(null);
  const onKey = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    const next = (kLogViews.indexOf(view) + by + kLogViews.length) % kLogViews.length;
    onView(kLogViews[next]!);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };
  return (
    <div ref={list} className={styles.tabs} role="tablist" aria-label={t("view.title")} onKeyDown={onKey}>
      {kLogViews.map((each) => (
        <button
          key={each}
          type="button"
          role="tab"
          aria-selected={each === view}
          tabIndex={each === view ? 0 : -1}
          onClick={() => onView(each)}
          data-testid={`tab-${each}`}
        >
          <Icon name={kTabs[each].icon} size={14} />
          {t(kTabs[each].label)}
        </button>
      ))}
    </div>
  );
}
