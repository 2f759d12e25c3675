import { Button, Code } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { Icon, type IconName } from "../app/icons";
import { useI18n, type Key } from "../i18n";
import { errorPlace, pointAt } from "../editor/error_place";
import styles from "./states.module.css";

export function Notice({
  icon,
  title,
  children,
  testId,
  error,
}: {
  icon: IconName;
  title: string;
  children: ReactNode;
  testId: string;
  error?: boolean;
}) {
  return (
    <div className={styles.state} data-testid={testId}>
      <div className={styles.icon} data-error={error || undefined}>
        <Icon name={icon} size={34} />
      </div>
      <h3>{title}</h3>
      {children}
    </div>
  );
}

const kAdvice: Record<ApiError["kind"], Key> = {
  unreachable: "error.advice.unreachable",
  query: "error.advice.query",
  limit: "error.advice.limit",
  timeout: "error.advice.timeout",
  server: "error.advice.server",
};

export function ErrorState({ error, query, onRetry }: { error: Error; query: string; onRetry(): void }) {
  const { t } = useI18n();
  const kind = error instanceof ApiError ? error.kind : "server";
  const place = errorPlace(error.message);
  return (
    <Notice icon="alert" error title={t(`error.title.${kind}`)} testId="error-state">
      <pre className={styles.message}>{error.message}</pre>
      {place && (
        <pre className={styles.place} aria-label={t("error.place", { line: place.line, column: place.column })}>
          {pointAt(query, place)}
        </pre>
      )}
      <p>{t(kAdvice[kind])}</p>
      <Button size="xs" variant="default" onClick={onRetry} leftSection={<Icon name="refresh" size={14} />}>
        {t("error.retry")}
      </Button>
    </Notice>
  );
}

// Nothing stored yet: how to get the first lines in.
export function NoDataState({ onRetry }: { onRetry(): void }) {
  const { t } = useI18n();
  const origin = location.origin;
  const push = [
    `curl -H 'Content-Type: application/json' ${origin}/loki/api/v1/push \\`,
    `  -d '{"streams":[{"stream":{"service_name":"demo"},"values":[["'$(date +%s%N)'","hello trilobite"]]}]}'`,
  ].join("\n");
  return (
    <Notice icon="empty" title={t("empty.noData.title")} testId="empty-state">
      <p>{t("empty.noData.agent")}</p>
      <Code block className={styles.code}>{`./manage.sh start\n./manage.sh logs -f`}</Code>
      <p>{t("empty.noData.push")}</p>
      <Code block className={styles.code}>
        {push}
      </Code>
      <p>{t("empty.noData.clients", { url: `${origin}/loki/api/v1/push` })}</p>
      <Button size="xs" onClick={onRetry} leftSection={<Icon name="refresh" size={14} />}>
        {t("empty.noData.retry")}
      </Button>
    </Notice>
  );
}

// There are logs, only not here.
export function NoMatchState({ onRange, onReset }: { onRange(from: string): void; onReset?: () => void }) {
  const { t } = useI18n();
  return (
    <Notice icon="search" title={t("empty.noMatch.title")} testId="empty-state">
      <p>{t("empty.noMatch.advice")}</p>
      <div className={styles.buttons}>
        <Button size="xs" variant="default" onClick={() => onRange("now-24h")}>
          {t("range.last.24h")}
        </Button>
        <Button size="xs" variant="default" onClick={() => onRange("now-7d")}>
          {t("range.last.7d")}
        </Button>
        <Button size="xs" variant="default" onClick={() => onRange("now-30d")}>
          {t("range.last.30d")}
        </Button>
        {onReset && (
          <Button size="xs" variant="default" onClick={onReset}>
            {t("empty.noMatch.reset")}
          </Button>
        )}
      </div>
    </Notice>
  );
}

// There are lines, but none of them has fields.
export function NoFieldsState() {
  const { t } = useI18n();
  return (
    <Notice icon="fields" title={t("fields.none.title")} testId="empty-state">
      <p>{t("fields.none.advice")}</p>
    </Notice>
  );
}

export function NoPatternsState() {
  const { t } = useI18n();
  return (
    <Notice icon="patterns" title={t("patterns.none.title")} testId="empty-state">
      <p>{t("patterns.none.advice")}</p>
    </Notice>
  );
}

export function LoadingState() {
  const { t } = useI18n();
  return (
    <div className={styles.loading} role="status" aria-label={t("common.loading")} data-testid="loading-state">
      {Array.from({ length: 24 }, (_, index) => (
        <i key={index} style={{ width: `${38 + ((index * 37) % 57)}%` }} />
      ))}
    </div>
  );
}
