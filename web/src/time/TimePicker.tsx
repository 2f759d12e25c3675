import { ActionIcon, Button, Popover, Select, TextInput, Tooltip } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import { Icon } from "../app/icons";
import { useI18n, type I18n } from "../i18n";
import { nowNs } from "./ns";
import {
  absolute,
  kDayRanges,
  kQuickRanges,
  quickOf,
  resolveRange,
  resolveTime,
  shift,
  zoomOut,
  type Interval,
  type TimeRange,
} from "./range";
import { allZones, formatOffset, formatTime, ianaName, type Zone } from "./zone";
import styles from "./TimePicker.module.css";

interface Props {
  range: TimeRange;
  interval: Interval | undefined; // the range as last asked for
  zone: Zone;
  onRange(range: TimeRange): void;
  onZone(zone: Zone): void;
}

export function TimePicker({ range, interval, zone, onRange, onZone }: Props) {
  const { t } = useI18n();
  const [opened, setOpened] = useState(false);
  const apply = (next: TimeRange) => {
    onRange(next);
    setOpened(false);
  };
  const move = (next: Interval | undefined) => next && onRange(absolute(next));
  return (
    <div className={styles.group}>
      <Tooltip label={t("time.earlier")}>
        <ActionIcon onClick={() => move(interval && shift(interval, -1n))} aria-label={t("time.earlier")}>
          <Icon name="chevronLeft" />
        </ActionIcon>
      </Tooltip>
      <Popover opened={opened} onChange={setOpened} position="bottom-end" shadow="lg" trapFocus withinPortal>
        <Popover.Target>
          <Button
            size="xs"
            variant="default"
            leftSection={<Icon name="clock" size={15} />}
            rightSection={<Icon name="chevronDown" size={13} />}
            onClick={() => setOpened(!opened)}
            data-testid="time-picker"
          >
            {rangeText({ t }, range, zone)}
            {zone !== "browser" && <span className={styles.zone}>{zone === "utc" ? "UTC" : zone}</span>}
          </Button>
        </Popover.Target>
        <Popover.Dropdown className={styles.panel}>
          <Quick range={range} onApply={apply} />
          <Absolute range={range} zone={zone} onApply={apply} onZone={onZone} />
        </Popover.Dropdown>
      </Popover>
      <Tooltip label={t("time.later")}>
        <ActionIcon onClick={() => move(interval && shift(interval, 1n))} aria-label={t("time.later")}>
          <Icon name="chevronRight" />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t("time.zoomOut")}>
        <ActionIcon onClick={() => move(interval && zoomOut(interval, nowNs()))} aria-label={t("time.zoomOut")}>
          <Icon name="zoomOut" />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

// "Last 1 hour", "Today", or both ends written out.
export function rangeText({ t }: Pick<I18n, "t">, range: TimeRange, zone: Zone): string {
  const quick = quickOf(range);
  if (quick) return t(`range.last.${quick}`);
  const day = kDayRanges.find(({ from, to }) => from === range.from && to === range.to);
  if (day) return t(`range.${day.id}`);
  return `${endText(range.from, zone)} – ${endText(range.to, zone)}`;
}

function endText(text: string, zone: Zone): string {
  if (text.startsWith("now")) return text;
  const ns = resolveTime(text, nowNs(), zone);
  return ns === undefined ? text : formatTime(ns, zone, "auto");
}

function Quick({ range, onApply }: { range: TimeRange; onApply(range: TimeRange): void }) {
  const { t } = useI18n();
  const current = quickOf(range);
  return (
    <div className={styles.quick}>
      {kQuickRanges.map((id) => (
        <button
          key={id}
          type="button"
          aria-pressed={current === id}
          onClick={() => onApply({ from: `now-${id}`, to: "now" })}
          data-testid={`range-${id}`}
        >
          {t(`range.last.${id}`)}
        </button>
      ))}
      {kDayRanges.map(({ id, from, to }) => (
        <button
          key={id}
          type="button"
          aria-pressed={from === range.from && to === range.to}
          onClick={() => onApply({ from, to })}
        >
          {t(`range.${id}`)}
        </button>
      ))}
    </div>
  );
}

interface AbsoluteProps {
  range: TimeRange;
  zone: Zone;
  onApply(range: TimeRange): void;
  onZone(zone: Zone): void;
}

function Absolute({ range, zone, onApply, onZone }: AbsoluteProps) {
  const { t } = useI18n();
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  useEffect(() => {
    setFrom(endText(range.from, zone));
    setTo(endText(range.to, zone));
  }, [range.from, range.to, zone]);

  const now = nowNs();
  const fromBad = resolveTime(from, now, zone) === undefined;
  const toBad = resolveTime(to, now, zone) === undefined;
  const empty = !fromBad && !toBad && !resolveRange({ from, to }, now, zone);
  const submit = () => {
    const start = resolveTime(from, now, zone);
    const end = resolveTime(to, now, zone);
    if (start === undefined || end === undefined || start >= end) return;
    // Relative ends stay relative; written times become instants, so that a link means the same in every time zone.
    onApply({ from: asGiven(from, start), to: asGiven(to, end) });
  };
  return (
    <form
      className={styles.absolute}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <TextInput
        size="xs"
        label={t("time.from")}
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
        error={fromBad && t("time.unreadable")}
        data-testid="time-from"
        data-autofocus
      />
      <TextInput
        size="xs"
        label={t("time.to")}
        value={to}
        onChange={(event) => setTo(event.currentTarget.value)}
        error={(toBad && t("time.unreadable")) || (empty && t("time.empty"))}
        data-testid="time-to"
      />
      <div className={styles.hint}>{t("time.hint")}</div>
      <Button size="xs" type="submit" disabled={fromBad || toBad || empty} data-testid="time-apply">
        {t("time.apply")}
      </Button>
      <ZoneSelect zone={zone} onZone={onZone} />
    </form>
  );
}

function asGiven(text: string, ns: bigint): string {
  return text.trim().startsWith("now") ? text.trim() : ns.toString();
}

function ZoneSelect({ zone, onZone }: { zone: Zone; onZone(zone: Zone): void }) {
  const { t } = useI18n();
  const data = useMemo(() => allZones().map((name) => ({ value: name, label: zoneLabel({ t }, name) })), [t]);
  return (
    <Select
      size="xs"
      mt={8}
      label={t("time.zone")}
      searchable
      allowDeselect={false}
      data={data}
      value={zone}
      limit={100}
      onChange={(value) => value && onZone(value)}
      comboboxProps={{ withinPortal: false }}
      data-testid="zone-select"
      nothingFoundMessage={t("time.noZone")}
      onFocus={(event) => event.currentTarget.select()}
    />
  );
}

function zoneLabel({ t }: Pick<I18n, "t">, zone: Zone): string {
  const offset = formatOffset(Date.now(), zone);
  if (zone === "browser") return `${t("time.browserZone")} (${ianaName(zone)}, ${offset})`;
  return zone === "utc" ? "UTC" : `${zone} (${offset})`;
}
