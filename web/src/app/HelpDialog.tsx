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

const kExamples: readonly (readonly [string, Key])[] = [
  ['{service_name="api"}', "help.example.selector"],
  ['{service_name="api"} |= "timeout"', "help.example.contains"],
  ['{service_name=~".+"} | detected_level="error"', "help.example.level"],
  ['{service_name="api"} | json | status>=500', "help.example.json"],
  ['sum by (detected_level) (rate({service_name=~".+"}[1m]))', "help.example.metric"],
];

export function HelpDialog({ opened, onClose }: { opened: boolean; onClose(): void }) {
  const { t } = useI18n();
  return (
    <Modal opened={opened} onClose={onClose} title={t("help.title")} size="lg" data-testid="help-dialog">
      <Text fw={600} size="sm" mb={4}>
        {t("help.keys")}
      </Text>
      <Table verticalSpacing={3} withRowBorders={false}>
        <Table.Tbody>
          {kKeys.map(([keys, label]) => (
            <Table.Tr key={keys.join()}>
              <Table.Td w={140}>
                {keys.map((key) => (
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
      <Text fw={600} size="sm" mt="md" mb={4}>
        {t("help.logql")}
      </Text>
      <Table verticalSpacing={3} withRowBorders={false}>
        <Table.Tbody>
          {kExamples.map(([query, label]) => (
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
