import { Select, SegmentedControl, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { Icon, type IconName } from "../app/icons";
import { useI18n } from "../i18n";
import type { UpdateState } from "./useLogsState";
import { kLimits, type LogsState } from "./url_state";
import styles from "./LogsPage.module.css";

// Above the list: what is shown, and how.
export function Toolbar({ state, update, children }: { state: LogsState; update: UpdateState; children: ReactNode }) {
  const { t, number } = useI18n();
  return (
    <div className={styles.toolbar}>
      <span className={styles.summary} role="status">
        {children}
      </span>
      {!state.live && (
        <>
          <Tooltip label={t("toolbar.limitHelp")}>
            <Select
              size="xs"
              w={124}
              allowDeselect={false}
              aria-label={t("toolbar.limit")}
              data-testid="limit-select"
              data={kLimits.map((limit) => ({
                value: String(limit),
                label: t("toolbar.lines", { count: number(limit) }),
              }))}
              value={String(state.limit)}
              onChange={(value) => update({ limit: Number(value) })}
              comboboxProps={{ shadow: "md" }}
            />
          </Tooltip>
          <SegmentedControl
            size="xs"
            value={state.direction}
            aria-label={t("toolbar.order")}
            data-testid="order-control"
            data={[
              { value: "backward", label: t("toolbar.newest") },
              { value: "forward", label: t("toolbar.oldest") },
            ]}
            onChange={(value) => update({ direction: value === "forward" ? "forward" : "backward" })}
          />
        </>
      )}
      <ToggleButton
        icon="wrap"
        label={t("toolbar.wrap")}
        on={state.wrap}
        testId="wrap-toggle"
        onClick={() => update({ wrap: !state.wrap }, "replace")}
      />
    </div>
  );
}

interface ToggleProps {
  icon: IconName;
  label: string;
  on: boolean;
  testId: string;
  onClick(): void;
}

export function ToggleButton({ icon, label, on, testId, onClick }: ToggleProps) {
  return (
    <Tooltip label={label}>
      <button
        type="button"
        className={styles.toggle}
        aria-pressed={on}
        aria-label={label}
        onClick={onClick}
        data-testid={testId}
      >
        <Icon name={icon} size={16} />
      </button>
    </Tooltip>
  );
}
