import { Button, Tooltip } from "@mantine/core";
import { Icon } from "../app/icons";
import { ShareButton } from "../app/ShareButton";
import { useI18n } from "../i18n";
import { TimePicker } from "../time/TimePicker";
import { ToggleButton } from "./Toolbar";
import type { Logs } from "./useLogs";
import styles from "./LogsPage.module.css";

interface Props {
  logs: Logs;
  browsing: boolean;
  onBrowse(): void;
  onLive(): void;
}

// The row above the editor: panels and sharing on the left; time, live and run on the right.
export function LogsHeader({ logs, browsing, onBrowse, onLive }: Props) {
  const { t } = useI18n();
  const { state, update, interval, askAgain, askDraft } = logs;
  return (
    <header className={styles.top}>
      <h1>{t("logs.title")}</h1>
      <ToggleButton icon="tags" label={t("labels.title")} on={browsing} testId="labels-toggle" onClick={onBrowse} />
      <ShareButton />
      <div className={styles.fill} />
      <TimePicker
        range={{ from: state.from, to: state.to }}
        interval={interval}
        zone={state.zone}
        onRange={(range) => {
          update({ ...range, live: false });
          askAgain();
        }}
        onZone={(zone) => update({ zone }, "replace")}
      />
      <LiveButton live={logs.live} disabled={logs.isMetric} onClick={onLive} />
      <Tooltip label={t("editor.runHelp")}>
        <Button size="xs" onClick={askDraft} leftSection={<Icon name="play" size={13} />} data-testid="run-button">
          {t("editor.run")}
        </Button>
      </Tooltip>
    </header>
  );
}

function LiveButton({ live, disabled, onClick }: { live: boolean; disabled: boolean; onClick(): void }) {
  const { t } = useI18n();
  return (
    <Button
      size="xs"
      variant={live ? "filled" : "default"}
      color={live ? "red" : undefined}
      onClick={onClick}
      disabled={disabled}
      leftSection={<Icon name={live ? "stop" : "live"} size={15} />}
      aria-pressed={live}
      data-testid="live-toggle"
    >
      {t(live ? "live.stop" : "live.start")}
    </Button>
  );
}
