import { SegmentedControl } from "@mantine/core";
import type { ReactNode } from "react";
import { useI18n } from "../i18n";
import { ToggleButton } from "./Toolbar";
import styles from "./LogsPage.module.css";

interface Props<View extends string> {
  summary: ReactNode;
  children?: ReactNode; // buttons of the view shown
  view: View;
  views: readonly View[];
  labels: Record<View, string>;
  testId: string;
  onView(view: View): void;
}

// Above an answer that can be shown in several ways: what it is, and which way.
export function ViewToolbar<View extends string>(props: Props<View>) {
  const { summary, children, view, views, labels, testId, onView } = props;
  const { t } = useI18n();
  return (
    <div className={styles.toolbar}>
      <span className={styles.summary} role="status">
        {summary}
      </span>
      {children}
      <SegmentedControl
        size="xs"
        value={view}
        aria-label={t("metric.shape")}
        data-testid={testId}
        data={views.map((value) => ({ value, label: labels[value] }))}
        onChange={(value) => onView(value as View)}
      />
    </div>
  );
}

export function StackToggle({ on, onToggle }: { on: boolean; onToggle(): void }) {
  const { t } = useI18n();
  return <ToggleButton icon="stack" label={t("metric.stacked")} on={on} testId="stacked-toggle" onClick={onToggle} />;
}
