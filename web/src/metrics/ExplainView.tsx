import { useMemo, type ReactNode } from "react";
import { useI18n, type Key } from "../i18n";
import { ErrorState, LoadingState } from "../logs/states";
import { flatten, measuredNodes, queryTree, type QueryNode, type ValueType } from "../promql/tree";
import type { Ns } from "../time/ns";
import { useExplained, useMeasured, type Asked, type Measured } from "./queries";
import { secondsText } from "./number_text";
import styles from "./ExplainView.module.css";

interface Props {
  asked: readonly Asked[];
  time: Ns;
  run: number;
}

// Each query as a tree: what every part of it gives, how many samples it reads and how long that takes.
export function ExplainView({ asked, time, run }: Props) {
  const { t } = useI18n();
  return (
    <div className={styles.view} data-testid="explain-view" tabIndex={0}>
      <p className={styles.note}>{t("prom.explainNote")}</p>
      {asked.map((query) => (
        <Tree key={query.letter} query={query} many={asked.length > 1} time={time} run={run} />
      ))}
    </div>
  );
}

interface TreeProps {
  query: Asked;
  many: boolean;
  time: Ns;
  run: number;
}

// The server's own tree; where it has none (Prometheus), the grammar's, each node asked for by itself.
function Tree({ query, many, time, run }: TreeProps) {
  const explained = useExplained(query.expr, time, run);
  const rows = useMemo(
    () => (explained.data ? measuredNodes(explained.data, query.expr) : []),
    [explained.data, query.expr],
  );
  const slowest = rows.reduce((most, { node }) => Math.max(most, node.seconds), 0);
  if (explained.error)
    return <ErrorState error={explained.error} query={query.expr} onRetry={() => void explained.refetch()} />;
  if (explained.isPending) return <LoadingState />;
  if (explained.data === null) return <GrammarTree query={query} many={many} time={time} run={run} />;
  return (
    <Table head={many ? query.letter : undefined}>
      {rows.map(({ node, depth, text }, index) => (
        <Row
          key={index}
          text={text}
          depth={depth}
          type={kServerTypes[node.type] ?? "vector"}
          series={/vector$/.test(node.type) ? node.series : undefined}
          samples={node.samplesRead}
          seconds={node.seconds}
          share={slowest === 0 ? 0 : node.seconds / slowest}
        />
      ))}
    </Table>
  );
}

function GrammarTree({ query, many, time, run }: TreeProps) {
  const { t } = useI18n();
  const tree = useMemo(() => queryTree(query.expr), [query.expr]);
  if (!tree) return <p className={styles.note}>{t("prom.explainUnreadable")}</p>;
  return (
    <Table head={many ? query.letter : undefined}>
      {flatten(tree).map((node) => (
        <GrammarRow key={`${node.from} ${node.depth} ${node.kind}`} node={node} time={time} run={run} />
      ))}
    </Table>
  );
}

function Table({ head, children }: { head: string | undefined; children: ReactNode }) {
  const { t } = useI18n();
  return (
    <table className={styles.tree}>
      <thead>
        <tr>
          <th>{head ?? t("prom.node")}</th>
          <th>{t("prom.type")}</th>
          <th className={styles.number}>{t("prom.nodeSeries")}</th>
          <th className={styles.number}>{t("prom.samples")}</th>
          <th className={styles.number}>{t("prom.time")}</th>
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

const kServerTypes: Record<string, ValueType> = {
  "instant vector": "vector",
  "range vector": "range",
  scalar: "scalar",
  string: "string",
};

const kTypes: Record<ValueType, Key> = {
  vector: "prom.type.vector",
  range: "prom.type.range",
  scalar: "prom.type.scalar",
  string: "prom.type.string",
};

function GrammarRow({ node, time, run }: { node: QueryNode; time: Ns; run: number }) {
  const { data, error, isFetching } = useMeasured(node, time, run);
  const { text, depth, type } = node;
  return <Row {...data} text={text} depth={depth} type={type} error={error} waiting={isFetching} />;
}

interface RowProps extends Measured {
  text: string;
  depth: number;
  type: ValueType;
  share?: number; // of the time of the slowest part
  error?: Error | null;
  waiting?: boolean;
}

function Row({ text, depth, type, series, value, samples, seconds, share, error, waiting }: RowProps) {
  const { t, number } = useI18n();
  const unknown = waiting ? "…" : "";
  return (
    <tr data-testid="explain-node" data-type={type} data-series={series}>
      <td style={{ paddingLeft: 12 + depth * 20 }}>
        <code title={text}>{text}</code>
        {error && <div className={styles.error}>{error.message}</div>}
      </td>
      <td className={styles.type}>{t(kTypes[type])}</td>
      <td className={styles.number}>
        {series !== undefined ? number(series) : value !== undefined ? `= ${value}` : unknown}
      </td>
      <td className={styles.number}>{samples !== undefined ? number(samples) : unknown}</td>
      <td className={styles.number}>
        {seconds !== undefined ? secondsText(seconds) : unknown}
        {share !== undefined && (
          <div className={styles.share}>
            <i style={{ width: `${share * 100}%` }} />
          </div>
        )}
      </td>
    </tr>
  );
}
