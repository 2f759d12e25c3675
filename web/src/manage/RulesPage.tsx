import { useQuery } from "@tanstack/react-query";
import { deleteRuleGroup, putRuleGroup, ruleGroups } from "../api/manage";
import { Icon } from "../app/icons";
import { useI18n } from "../i18n";
import { Workbench, type Entry } from "./Workbench";

const kTemplate = `name: requests
interval: 1m
rules:
- record: job:http_requests:rate5m
  expr: sum by (job) (rate(http_requests_total[5m]))
- alert: TargetDown
  expr: up == 0
  for: 5m
  labels:
    severity: page
`;

const idOf = (namespace: string, group: string) => `${namespace}/${group}`;

// Groups of rules: those of rule files to look at, those of the API to change.
export default function RulesPage({ path, search }: { path: string; search: string }) {
  const { t } = useI18n();
  const answer = useQuery({
    queryKey: ["rule-groups"],
    queryFn: async ({ signal }): Promise<Entry[]> => {
      const groups = await ruleGroups(signal);
      const entries = groups.map(({ namespace, group, source, yaml }) => ({
        id: idOf(namespace, group),
        name: group,
        group: namespace,
        source,
        yaml,
      }));
      // Those that can be changed first; groups of one namespace stand together, in the order of their file.
      const rank = (entry: Entry) => `${entry.source === "api" ? 0 : 1}${entry.group}`;
      return entries.sort((a, b) => rank(a).localeCompare(rank(b), "en", { numeric: true }));
    },
  });
  return (
    <Workbench
      path={path}
      search={search}
      answer={answer}
      nameKey="name"
      template={kTemplate}
      place={t("rules.namespace")}
      banner={
        <>
          <Icon name="alert" size={14} />
          <span>{t("rules.notEvaluated")}</span>
        </>
      }
      words={{
        title: t("rules.title"),
        search: t("rules.search"),
        fresh: t("rules.new"),
        none: t("rules.none.title"),
        advice: t("rules.none.advice"),
        editor: t("rules.editor"),
        nameless: t("rules.nameless"),
        fromFile: t("rules.fromFile"),
        question: ({ name, group = "" }) => t("rules.question", { name, namespace: group }),
      }}
      save={async (name, yaml, namespace) => {
        const into = namespace === "" ? "default" : namespace;
        await putRuleGroup(into, name, yaml);
        return idOf(into, name);
      }}
      remove={({ name, group = "" }) => deleteRuleGroup(group, name)}
    />
  );
}
