import { Button, Select, Tooltip } from "@mantine/core";
import { Icon } from "../app/icons";
import { ShareButton } from "../app/ShareButton";
import { useI18n } from "../i18n";
import { ToggleButton } from "../logs/Toolbar";
import { formatDuration } from "../time/duration";
import { kSteps } from "../time/step";
import { TimePicker } from "../time/TimePicker";
import { kRefreshes, type Refresh } from "./url_state";
import type { Metrics } from "./useMetrics";
import styles from "../logs/LogsPage.module.css";

interface Props {
  metrics: Metrics;
  browsing: boolean;
  onBrowse(): void;
}

export function MetricsHeader({ metrics, browsing, onBrowse }: Props) {
  const { t } = useI18n();
  const { state, update, interval, step, askAgain, askDrafts } = metrics;
  const steps = state.step === "" || kSteps.some((each) => each === state.step) ? kSteps : [...kSteps, state.step];
  return (
    <header className={styles.top}>
      <h1>{t("prom.title")}</h1>
      <ToggleButton icon="tags" label={t("prom.browser")} on={browsing} testId="metrics-toggle" onClick={onBrowse} />
      <ShareButton />
      <div className={styles.fill} />
      <Tooltip label={t("prom.stepHelp")}>
        <Select
          size="xs"
          w={118}
          allowDeselect={false}
          aria-label={t("prom.step")}
          data-testid="step-select"
          data={[
            { value: "auto", label: t("prom.autoStep", { step: formatDuration(step) }) },
            ...steps.map((value) => ({ value, label: value })),
          ]}
          value={state.step === "" ? "auto" : state.step}
          onChange={(value) => update({ step: value === null || value === "auto" ? "" : value })}
          comboboxProps={{ shadow: "md" }}
        />
      </Tooltip>
      <TimePicker
        range={{ from: state.from, to: state.to }}
        interval={interval}
        zone={state.zone}
        onRange={(range) => {
          update(range);
          askAgain();
        }}
        onZone={(zone) => update({ zone }, "replace")}
      />
      <Tooltip label={t("prom.refreshHelp")}>
        <Select
          size="xs"
          w={82}
          allowDeselect={false}
          aria-label={t("prom.refresh")}
          data-testid="refresh-select"
          data={kRefreshes.map((value) => ({ value, label: value === "off" ? t("prom.refreshOff") : value }))}
          value={state.refresh}
          onChange={(value) => update({ refresh: (value ?? "off") as Refresh }, "replace")}
          comboboxProps={{ shadow: "md" }}
        />
      </Tooltip>
      <Tooltip label={t("prom.runHelp")}>
        <Button size="xs" onClick={askDrafts} leftSection={<Icon name="play" size={13} />} data-testid="run-button">
          {t("editor.run")}
        </Button>
      </Tooltip>
    </header>
  );
}
