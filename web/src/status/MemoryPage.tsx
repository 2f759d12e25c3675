import { useState } from "react";
import type { Limit, MemoryStatus, Subsystem } from "../api/memory";
import { Icon } from "../app/icons";
import { useI18n, type Key } from "../i18n";
import { nsFromMs } from "../time/ns";
import { formatTime } from "../time/zone";
import { TopList } from "./TopList";
import { TopPage } from "./TopPage";
import { bytesText, labelQuery, metricQuery, pairQuery } from "./tsdb";
import { useMemoryStatus } from "./useMemory";
import { useSaid } from "./memory_words";
import lists from "./TsdbPage.module.css";
import styles from "./MemoryPage.module.css";

const kRows = [10, 20, 50, 100] as const;

// Where memory goes, which names and labels make it so, and what is near a limit.
export default function MemoryPage() {
  const { t } = useI18n();
  const [rows, setRows] = useState<number>(10);
  const answer = useMemoryStatus(rows);
  return (
    <TopPage
      title={t("memory.title")}
      counts={kRows}
      count={rows}
      onCount={setRows}
      countTestId="memory-rows"
      answer={answer}
    >
      {(status) => <Status status={status} />}
    </TopPage>
  );
}

function Status({ status }: { status: MemoryStatus }) {
  const { t, number } = useI18n();
  const { process, subsystems, limits, warnings, thresholds, top } = status;
  const facts: [Key, number | undefined][] = [
    ["memory.resident", process.residentBytes],
    ["memory.allocated", process.allocatedBytes],
    ["memory.budget", process.budgetBytes],
    ["memory.machine", process.machineBytes],
  ];
  return (
    <div className={lists.status} data-testid="memory-status" tabIndex={0}>
      <Warnings warnings={warnings} limits={limits} />
      <dl className={lists.facts}>
        {facts.map(
          ([label, bytes]) =>
            bytes !== undefined && (
              <div key={label} data-testid={label} data-value={bytes}>
                <dt>{t(label)}</dt>
                <dd>{bytesText(bytes)}</dd>
              </div>
            ),
        )}
      </dl>
      <div className={lists.columns}>
        <Subsystems subsystems={subsystems} />
        <TopList
          title={t("memory.byName")}
          help={t("memory.byNameHelp")}
          testId="top-metrics"
          rows={top.metrics.map(({ name, series, bytes }) => ({
            name,
            value: series,
            text: t("memory.seriesOf", { count: number(series) }),
            note: bytesText(bytes),
            query: metricQuery(name),
          }))}
        />
        <TopList
          title={t("memory.byLabel")}
          help={t("memory.byLabelHelp")}
          testId="top-labels"
          rows={top.labels.map(({ name, values, series, bytes }) => ({
            name,
            value: values,
            text: `${t("memory.values", { count: number(values) })} · ${t("memory.seriesOf", { count: number(series) })}`,
            note: bytesText(bytes),
            query: labelQuery(name),
          }))}
        />
        <TopList
          title={t("memory.byPair")}
          help={t("memory.byPairHelp")}
          testId="top-pairs"
          rows={top.pairs.map(({ name, series }) => ({
            name,
            value: series,
            text: t("memory.seriesOf", { count: number(series) }),
            query: pairQuery(name),
          }))}
        />
      </div>
      <Limits limits={limits} thresholds={thresholds} />
    </div>
  );
}

// What is said first: what will soon be refused.
function Warnings({ warnings, limits }: Pick<MemoryStatus, "warnings" | "limits">) {
  const { t } = useI18n();
  const words = useWords();
  const time = (iso: string) => formatTime(nsFromMs(Date.parse(iso)), "browser", "second");
  return (
    <div className={styles.warnings} role="status" data-testid="memory-warnings" data-count={warnings.length}>
      {warnings.length === 0 && (
        <div className={styles.fine}>
          <Icon name="check" size={15} />
          <span>{t("memory.noWarnings")}</span>
        </div>
      )}
      {warnings.map(({ limit, subject, state, since, message }) => (
        <div key={`${limit} ${subject}`} data-state={state} data-limit={limit}>
          <Icon name="alert" size={15} />
          <b>{t(`memory.state.${state}`)}</b>
          <span>{words(limits.find(({ name, subject: of }) => name === limit && of === subject)) ?? message}</span>
          <time dateTime={since}>{t("memory.since", { time: time(since) })}</time>
        </div>
      ))}
    </div>
  );
}

// A warning in the reader's own language; undefined where the server's words are that, or where there are no others.
function useWords(): (limit: Limit | undefined) => string | undefined {
  const { t, percent } = useI18n();
  const said = useSaid();
  const size = useSize();
  return (limit) => {
    const [name, effect] = limit ? [said(limit.name), said(`${limit.name}.effect`)] : [];
    if (!limit || name === undefined || effect === undefined) return undefined;
    const subject = limit.subject === "" ? t("memory.server") : limit.subject;
    const used = `${size(limit.used, limit.unit)} / ${size(limit.limit, limit.unit)}`;
    return t("memory.warning", { name, subject, used, share: percent(limit.ratio), effect, key: limit.key || "–" });
  };
}

function useSize(): (value: number, unit: Limit["unit"]) => string {
  const { number } = useI18n();
  return (value, unit) => (unit === "bytes" ? bytesText(value) : number(value));
}

function Subsystems({ subsystems }: { subsystems: readonly Subsystem[] }) {
  const { t, number } = useI18n();
  const said = useSaid();
  const most = subsystems.reduce((greatest, { bytes, onDisk }) => (onDisk ? greatest : Math.max(greatest, bytes)), 0);
  return (
    <section className={`${lists.top} ${styles.subsystems}`} data-testid="subsystems">
      <h2>{t("memory.subsystems")}</h2>
      <p>{t("memory.subsystemsHelp")}</p>
      {subsystems.map(({ name, bytes, help, limitBytes, series, onDisk }) => {
        const whole = limitBytes ?? most;
        const notes = [
          limitBytes !== undefined && t("memory.ofLimit", { limit: bytesText(limitBytes) }),
          series !== undefined && t("memory.seriesOf", { count: number(series) }),
          onDisk && t("memory.onDisk"),
        ].filter(Boolean);
        return (
          <div key={name} className={styles.subsystem} data-name={name} data-value={bytes}>
            <div>
              <b>{said(name) ?? name}</b>
              <span>{notes.join(" · ")}</span>
              <strong>{bytesText(bytes)}</strong>
            </div>
            {!onDisk && <Bar share={whole === 0 ? 0 : bytes / whole} />}
            <p>{said(`${name}.help`) ?? help}</p>
          </div>
        );
      })}
    </section>
  );
}

function Bar({ share, state }: { share: number; state?: string }) {
  return (
    <div className={styles.bar} data-state={state}>
      {share > 0 && <i style={{ width: `${Math.min(1, share) * 100}%` }} />}
    </div>
  );
}

function Limits({ limits, thresholds }: Pick<MemoryStatus, "limits" | "thresholds">) {
  const { t, percent } = useI18n();
  return (
    <section className={styles.limits} data-testid="limits">
      <h2>{t("memory.limits")}</h2>
      <p>{t("memory.limitsHelp", { warning: percent(thresholds.warning), critical: percent(thresholds.critical) })}</p>
      <table>
        <thead>
          <tr>
            <th>{t("memory.limit")}</th>
            <th>{t("memory.subject")}</th>
            <th className={styles.number}>{t("memory.used")}</th>
            <th className={styles.number}>{t("memory.allowed")}</th>
            <th>{t("memory.share")}</th>
            <th>{t("memory.state")}</th>
            <th>{t("memory.key")}</th>
          </tr>
        </thead>
        <tbody>
          {limits.map((limit) => (
            <LimitRow key={`${limit.name} ${limit.subject}`} limit={limit} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function LimitRow({ limit: { name, subject, used, limit, ratio, unit, state, key, effect, help } }: { limit: Limit }) {
  const { t, percent } = useI18n();
  const said = useSaid();
  const size = useSize();
  return (
    <tr data-limit={name} data-subject={subject} data-state={state} data-ratio={ratio}>
      <td>
        <b>{said(name) ?? name}</b>
        <div className={styles.help}>
          {[said(name) ? undefined : help, said(`${name}.effect`) ?? effect].filter(Boolean).join(" ")}
        </div>
      </td>
      <td>{subject === "" ? t("memory.server") : subject}</td>
      <td className={styles.number}>{size(used, unit)}</td>
      <td className={`${styles.number} ${styles.allowed}`}>{size(limit, unit)}</td>
      <td className={styles.share}>
        <Bar share={ratio} state={state} />
        <span>{percent(ratio)}</span>
      </td>
      <td>
        <span className={styles.state} data-state={state}>
          {t(`memory.state.${state}`)}
        </span>
      </td>
      <td>{key !== "" && <code>{key}</code>}</td>
    </tr>
  );
}
