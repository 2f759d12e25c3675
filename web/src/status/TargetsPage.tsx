import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { promTargets } from "../api/prometheus";
import type { DroppedTarget, Target } from "../api/prometheus_types";
import type { Labels } from "../api/types";
import { go } from "../app/location";
import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import { ErrorState, LoadingState, Notice } from "../logs/states";
import { quoted } from "../promql/names";
import {
  isoAgo,
  kHealths,
  kPoolRowsMax,
  poolsOf,
  readTargetsState,
  writeTargetsState,
  type Health,
  type Pool,
} from "./targets";
import page from "../logs/LogsPage.module.css";
import styles from "./TargetsPage.module.css";

const kEveryMs = 15_000;

// What is scraped and how it goes: a part for each scrape pool, those with trouble open from the start.
export default function TargetsPage({ path, search }: { path: string; search: string }) {
  const { t, number } = useI18n();
  const state = useMemo(() => readTargetsState(search), [search]);
  const update = (patch: Partial<typeof state>) =>
    go(path, writeTargetsState({ ...readTargetsState(location.search), ...patch }), "replace");
  const { data, error, refetch, isFetching, dataUpdatedAt } = useQuery({
    queryKey: ["targets"],
    queryFn: ({ signal }) => promTargets(signal),
    refetchInterval: kEveryMs,
  });
  const pools = useMemo(() => (data ? poolsOf(data, state) : []), [data, state]);
  const retry = () => void refetch();
  const labels: Record<Health | "all", string> = {
    all: t("targets.all"),
    up: t("targets.up"),
    down: t("targets.down"),
    unknown: t("targets.unknown"),
    dropped: t("targets.dropped"),
  };
  const body = () => {
    if (error && !data) return <ErrorState error={error} query="" onRetry={retry} />;
    if (!data) return <LoadingState />;
    if (data.activeTargets.length + data.droppedTargets.length === 0) return <NoTargets onRetry={retry} />;
    if (pools.length === 0) {
      return (
        <Notice icon="search" title={t("targets.noneFits")} testId="empty-state">
          <Button size="xs" variant="default" onClick={() => update({ search: "", health: "all" })}>
            {t("empty.noMatch.reset")}
          </Button>
        </Notice>
      );
    }
    return (
      <div className={styles.pools} tabIndex={0}>
        {pools.map((pool) => (
          <PoolPart key={pool.name} pool={pool} now={dataUpdatedAt} health={state.health} />
        ))}
      </div>
    );
  };
  return (
    <div className={page.page}>
      <div className={page.column}>
        <header className={page.top}>
          <h1>{t("targets.title")}</h1>
          <div className={page.fill} />
          <TextInput
            size="xs"
            w={280}
            value={state.search}
            placeholder={t("targets.search")}
            aria-label={t("targets.search")}
            data-testid="target-search"
            leftSection={<Icon name="search" size={13} />}
            onChange={(event) => update({ search: event.currentTarget.value })}
          />
          <SegmentedControl
            size="xs"
            value={state.health}
            aria-label={t("targets.health")}
            data-testid="health-control"
            data={kHealths.map((value) => ({ value, label: labels[value] }))}
            onChange={(value) => update({ health: value as Health })}
          />
          <Button size="xs" variant="default" loading={isFetching} onClick={retry} data-testid="reload-button">
            {t("targets.reload")}
          </Button>
        </header>
        {data && (
          <div className={page.toolbar}>
            <span className={page.summary} role="status" data-testid="target-counts">
              {t("targets.counts", {
                up: number(data.activeTargets.filter(({ health }) => health === "up").length),
                active: number(data.activeTargets.length),
                dropped: number(data.droppedTargets.length),
              })}
              {error && <span className={page.warning}>{error.message}</span>}
            </span>
          </div>
        )}
        <section className={page.body}>{body()}</section>
      </div>
    </div>
  );
}

function PoolPart({ pool, now, health }: { pool: Pool; now: number; health: Health }) {
  const { t, number } = useI18n();
  const [chosen, setChosen] = useState<boolean>();
  const open = chosen ?? (pool.up < pool.active.length || pool.active.length <= 20 || health !== "all");
  const hidden = pool.active.length + pool.dropped.length - kPoolRowsMax;
  return (
    <section className={styles.pool} data-testid="pool" data-pool={pool.name}>
      <button type="button" className={styles.head} aria-expanded={open} onClick={() => setChosen(!open)}>
        <Icon name={open ? "chevronDown" : "chevronRight"} size={13} />
        <b>{pool.name}</b>
        <span data-bad={pool.up < pool.active.length || undefined}>
          {t("targets.upOf", { up: number(pool.up), active: number(pool.active.length) })}
        </span>
        {pool.dropped.length > 0 && (
          <span className={styles.muted}>{t("targets.droppedCount", { count: number(pool.dropped.length) })}</span>
        )}
      </button>
      {open && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th>{t("targets.endpoint")}</th>
              <th>{t("targets.state")}</th>
              <th>{t("targets.labels")}</th>
              <th className={styles.number}>{t("targets.last")}</th>
              <th className={styles.number}>{t("targets.took")}</th>
            </tr>
          </thead>
          <tbody>
            {pool.active.slice(0, kPoolRowsMax).map((target) => (
              <TargetRow key={`${target.scrapeUrl} ${JSON.stringify(target.labels)}`} target={target} now={now} />
            ))}
            {pool.dropped.slice(0, Math.max(0, kPoolRowsMax - pool.active.length)).map((target, index) => (
              <DroppedRow key={index} target={target} />
            ))}
          </tbody>
        </table>
      )}
      {open && hidden > 0 && <div className={styles.note}>{t("labels.more", { count: number(hidden) })}</div>}
    </section>
  );
}

function TargetRow({ target, now }: { target: Target; now: number }) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  const { health, labels, scrapeUrl, lastError } = target;
  const instance = labels.instance ?? "";
  const query = `{job=${quoted(labels.job ?? target.scrapePool)}, instance=${quoted(instance)}}`;
  return (
    <>
      <tr data-testid="target" data-health={health} data-instance={instance}>
        <td>
          <button type="button" className={styles.opener} aria-expanded={open} onClick={() => setOpen(!open)}>
            <Icon name={open ? "chevronDown" : "chevronRight"} size={12} />
            <code>{scrapeUrl}</code>
          </button>
          {lastError !== "" && (
            <div className={styles.error} data-testid="target-error">
              {lastError}
            </div>
          )}
        </td>
        <td>
          <span className={styles.health} data-health={health}>
            {t(`targets.${health}`)}
          </span>
        </td>
        <td>
          <LabelChips labels={labels} />
        </td>
        <td className={styles.number}>{isoAgo(target.lastScrape, now) ?? t("targets.never")}</td>
        <td className={styles.number}>
          {target.lastScrapeDuration > 0 ? `${(target.lastScrapeDuration * 1000).toFixed(1)} ms` : ""}
        </td>
      </tr>
      {open && (
        <tr className={styles.detail} data-testid="target-detail">
          <td colSpan={5}>
            <h4>{t("targets.discovered")}</h4>
            <LabelChips labels={target.discoveredLabels} />
            {target.scrapeInterval && (
              <p>{t("targets.schedule", { interval: target.scrapeInterval, timeout: target.scrapeTimeout ?? "" })}</p>
            )}
            <a href={`/explore/metrics?${new URLSearchParams({ q: `count by (__name__) (${query})`, view: "table" })}`}>
              {t("targets.explore")}
            </a>
          </td>
        </tr>
      )}
    </>
  );
}

function DroppedRow({ target }: { target: DroppedTarget }) {
  const { t } = useI18n();
  return (
    <tr data-testid="dropped-target">
      <td>
        <code>{target.discoveredLabels.__address__ ?? ""}</code>
      </td>
      <td>
        <span className={styles.health} data-health="dropped">
          {t("targets.dropped")}
        </span>
      </td>
      <td colSpan={3}>
        <LabelChips labels={target.discoveredLabels} />
      </td>
    </tr>
  );
}

function LabelChips({ labels }: { labels: Labels }) {
  return (
    <span className={styles.labels}>
      {Object.keys(labels)
        .sort()
        .map((name) => (
          <code key={name}>
            {name}=<b>{JSON.stringify(labels[name])}</b>
          </code>
        ))}
    </span>
  );
}

function NoTargets({ onRetry }: { onRetry(): void }) {
  const { t } = useI18n();
  const config = `scrape_configs:\n- job_name: node\n  static_configs:\n  - targets: ["localhost:9100"]`;
  return (
    <Notice icon="targets" title={t("targets.none.title")} testId="empty-state">
      <p>{t("targets.none.advice")}</p>
      <pre className={styles.code}>{config}</pre>
      <Button size="xs" onClick={onRetry} leftSection={<Icon name="refresh" size={14} />}>
        {t("empty.noData.retry")}
      </Button>
    </Notice>
  );
}
