// The words completion offers, each with the i18n key of its one-line help.
import type { Key } from "../i18n/en";

export interface Word {
  label: string;
  help: Key;
  insert?: string; // `$` marks where the cursor goes; default: the label and a blank
}

export const kRangeFunctions: readonly Word[] = [
  { label: "count_over_time", help: "word.count_over_time", insert: "count_over_time($ [5m])" },
  { label: "rate", help: "word.rate", insert: "rate($ [5m])" },
  { label: "bytes_over_time", help: "word.bytes_over_time", insert: "bytes_over_time($ [5m])" },
  { label: "bytes_rate", help: "word.bytes_rate", insert: "bytes_rate($ [5m])" },
  { label: "sum_over_time", help: "word.sum_over_time", insert: "sum_over_time($ | unwrap  [5m])" },
  { label: "avg_over_time", help: "word.avg_over_time", insert: "avg_over_time($ | unwrap  [5m])" },
  { label: "min_over_time", help: "word.min_over_time", insert: "min_over_time($ | unwrap  [5m])" },
  { label: "max_over_time", help: "word.max_over_time", insert: "max_over_time($ | unwrap  [5m])" },
  {
    label: "quantile_over_time",
    help: "word.quantile_over_time",
    insert: "quantile_over_time(0.95, $ | unwrap  [5m])",
  },
  { label: "absent_over_time", help: "word.absent_over_time", insert: "absent_over_time($ [5m])" },
];

export const kAggregations: readonly Word[] = [
  { label: "sum", help: "word.sum", insert: "sum by ($) ()" },
  { label: "avg", help: "word.avg", insert: "avg by ($) ()" },
  { label: "min", help: "word.min", insert: "min by ($) ()" },
  { label: "max", help: "word.max", insert: "max by ($) ()" },
  { label: "count", help: "word.count", insert: "count by ($) ()" },
  { label: "topk", help: "word.topk", insert: "topk(10, $)" },
  { label: "bottomk", help: "word.bottomk", insert: "bottomk(10, $)" },
];

export const kStages: readonly Word[] = [
  { label: "json", help: "word.json" },
  { label: "logfmt", help: "word.logfmt" },
  { label: "pattern", help: "word.pattern", insert: "pattern `$`" },
  { label: "regexp", help: "word.regexp", insert: "regexp `$`" },
  { label: "unpack", help: "word.unpack" },
  { label: "line_format", help: "word.line_format", insert: 'line_format "{{.$}}"' },
  { label: "label_format", help: "word.label_format", insert: "label_format $=" },
  { label: "decolorize", help: "word.decolorize" },
  { label: "drop", help: "word.drop" },
  { label: "keep", help: "word.keep" },
  { label: "unwrap", help: "word.unwrap" },
];

export const kPipes: readonly Word[] = [
  { label: "|=", help: "word.contains", insert: '|= "$"' },
  { label: "!=", help: "word.containsNot", insert: '!= "$"' },
  { label: "|~", help: "word.matches", insert: "|~ `$`" },
  { label: "!~", help: "word.matchesNot", insert: "!~ `$`" },
  { label: "| json", help: "word.json" },
  { label: "| logfmt", help: "word.logfmt" },
  { label: "|", help: "word.stage" },
];

export const kMatchOperators: readonly Word[] = [
  { label: "=", help: "word.equal", insert: '="$"' },
  { label: "!=", help: "word.notEqual", insert: '!="$"' },
  { label: "=~", help: "word.regexEqual", insert: '=~"$"' },
  { label: "!~", help: "word.regexNotEqual", insert: '!~"$"' },
];

export const kFilterOperators: readonly Word[] = [
  ...kMatchOperators,
  { label: ">", help: "word.greater", insert: "> $" },
  { label: ">=", help: "word.greaterEqual", insert: ">= $" },
  { label: "<", help: "word.less", insert: "< $" },
  { label: "<=", help: "word.lessEqual", insert: "<= $" },
];

export const kRanges = ["1m", "5m", "10m", "30m", "1h", "6h", "1d"] as const;
