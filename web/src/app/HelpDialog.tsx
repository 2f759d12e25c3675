import { Kbd, Modal, Table, Text } from "@mantine/core";
import { useI18n, type Key } from "../i18n";

const kKeys: readonly (readonly [string[], Key])[] = [
  [["/"], "help.focus"],
  [["Ctrl", "Enter"], "help.run"],
  [["Ctrl", "Space"], "help.complete"],
  [["j", "k"], "help.move"],
  [["↓", "↑"], "help.move"],
  [["Enter"], "help.expand"],
  [["c"], "help.context"],
  [["1", "2", "3"], "help.views"],
  [["t"], "help.live"],
  [["w"], "help.wrap"],
  [["o"], "help.order"],
  [["r"], "help.rerun"],
  [["Home", "End"], "help.ends"],
  [["Esc"], "help.escape"],
  [["?"], "help.help"],
];

const kMetricsKeys: readonly (readonly [string[], Key])[] = [
  [["/"], "help.focus"],
  [["Ctrl", "Enter"], "help.run"],
  [["Ctrl", "Space"], "help.complete"],
  [["1", "2", "3"], "help.metricViews"],
  [["b"], "prom.browser"],
  [["s"], "metric.stacked"],
  [["l"], "prom.log"],
  [["r"], "help.rerun"],
  [["Esc"], "help.escape"],
  [["?"], "help.help"],
];

const kManageKeys: readonly (readonly [string[], Key])[] = [
  [["Ctrl", "S"], "help.save"],
  [["Ctrl", "Enter"], "help.save"],
  [["Tab"], "help.indent"],
  [["Shift", "Tab"], "help.outdent"],
  [["Esc", "Tab"], "help.leave"],
  [["?"], "help.help"],
];

const kPromqlExamples: readonly (readonly [string, Key])[] = [
  ['up{job="api"}', "help.promql.selector"],
  ["rate(http_requests_total[5m])", "help.promql.rate"],
  ["sum by (job) (rate(http_requests_total[5m]))", "help.promql.sum"],
  ["histogram_quantile(0.95, sum by (le) (rate(request_seconds_bucket[5m])))", "help.promql.quantile"],
  ["memory_bytes / 1e9 > 4", "help.promql.filter"],
];

const kExamples: readonly (readonly [string, Key])[] = [
  ['{service_name="api"}', "help.example.selector"],
  ['{service_name="api"} |= "timeout"', "help.example.contains"],
  ['{service_name=~".+"} | detected_level="error"', "help.example.level"],
  ['{service_name="api"} | json | status>=500', "help.example.json"],
  ['sum by (detected_level) (rate({service_name=~".+"}[1m]))', "help.example.metric"],
];

interface Help {
  keys: readonly (readonly [string[], Key])[];
  title?: Key;
  examples: readonly (readonly [string, Key])[];
}

function helpOf(page: string): Help {
  if (page === "/explore/metrics") return { keys: kMetricsKeys, title: "help.promql", examples: kPromqlExamples };
  if (page.startsWith("/manage/")) return { keys: kManageKeys, examples: [] };
  if (page.startsWith("/status/"))
    return { keys: [[["?"], "help.help"]], title: "help.promql", examples: kPromqlExamples };
  return { keys: kKeys, title: "help.logql", examples: kExamples };
}

export function HelpDialog({ page, opened, onClose }: { page: string; opened: boolean; onClose(): void }) {
  const { t } = useI18n();
  const { keys, title, examples } = helpOf(page);
  return (
    <Modal opened={opened} onClose={onClose} title={t("help.title")} size="lg" data-testid="help-dialog">
      <Text fw={600} size="sm" mb={4}>
        {t("help.keys")}
      </Text>
      <Table verticalSpacing={3} withRowBorders={false}>
        <Table.Tbody>
          {keys.map(([combination, label]) => (
            <Table.Tr key={combination.join()}>
              <Table.Td w={140}>
                {combination.map((key) => (
                  <Kbd key={key} size="xs" mr={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
              <Table.Td>{t(label)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {title && (
        <Text fw={600} size="sm" mt="md" mb={4}>
          {t(title)}
        </Text>
      )}
      <Table verticalSpacing={3} withRowBorders={false}>
        <Table.Tbody>
          {examples.map(([query, label]) => (
            <Table.Tr key={query}>
              <Table.Td>
                <Text ff="monospace" size="xs">
                  {query}
                </Text>
              </Table.Td>
              <Table.Td>
                <Text size="sm" c="dimmed">
                  {t(label)}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
