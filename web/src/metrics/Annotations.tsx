import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import type { Asked, RangeAnswer } from "./queries";
import styles from "./MetricsBody.module.css";

type Kind = "error" | "warning" | "info";

interface Props {
  answers: readonly Pick<RangeAnswer, "data" | "error">[];
  failed: readonly (Asked & { error: Error })[]; // while other queries have answers
  lost: readonly (Error | null)[]; // exemplars that did not come
}

// What the server remarked about the queries, each remark once.
export function Annotations({ answers, failed, lost }: Props) {
  const { t } = useI18n();
  const good = answers.filter(({ error }) => !error);
  const said: [Kind, string, string][] = [
    ...failed.map(({ letter, error }): [Kind, string, string] => ["error", letter, error.message]),
    ...distinct(lost.flatMap((error) => (error ? [error.message] : []))).map((text): [Kind, string, string] => [
      "warning",
      "",
      t("prom.exemplarsLost", { reason: text }),
    ]),
    ...distinct(good.flatMap(({ data }) => data?.warnings ?? [])).map((text): [Kind, string, string] => [
      "warning",
      "",
      text,
    ]),
    ...distinct(good.flatMap(({ data }) => data?.infos ?? [])).map((text): [Kind, string, string] => [
      "info",
      "",
      text,
    ]),
  ];
  if (said.length === 0) return null;
  return (
    <div className={styles.annotations} data-testid="annotations" role="status">
      {said.map(([kind, letter, text]) => (
        <div key={`${kind} ${letter} ${text}`} data-kind={kind}>
          <Icon name={kind === "info" ? "help" : "alert"} size={14} />
          {letter !== "" && <b>{letter}</b>}
          <span>{text}</span>
        </div>
      ))}
    </div>
  );
}

const distinct = (texts: readonly string[]) => [...new Set(texts)];
