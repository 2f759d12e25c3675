// Every case in the order in which they run. Each gets a Scene (run.mjs) and lines of a service of its own.
import { cardinality } from "./cardinality.mjs";
import { context } from "./context.mjs";
import { emptyAndDown } from "./empty_and_down.mjs";
import { fieldFilters } from "./field_filters.mjs";
import { fieldsTab } from "./fields_tab.mjs";
import { firstLine } from "./first_line.mjs";
import { histogram } from "./histogram.mjs";
import { keyboard } from "./keyboard.mjs";
import { links } from "./links.mjs";
import { liveTail } from "./live_tail.mjs";
import { looks } from "./looks.mjs";
import { manyRows } from "./many_rows.mjs";
import { memoryLimits } from "./memory_limits.mjs";
import { metricBrowser } from "./metric_browser.mjs";
import { metricPlot } from "./metric_plot.mjs";
import { metricsEditor } from "./metrics_editor.mjs";
import { metricsPage } from "./metrics_page.mjs";
import { patternsTab } from "./patterns_tab.mjs";
import { queryEditor } from "./query_editor.mjs";
import { ruleGroups } from "./rule_groups.mjs";
import { scrapeJobs } from "./scrape_jobs.mjs";
import { screenshots } from "./screenshots.mjs";
import { search } from "./search.mjs";
import { targets } from "./targets.mjs";

export const all = [
  { name: "a line of a log file is in the page soon after the start", body: firstLine },
  { name: "search box and line filters narrow", body: search },
  { name: "query editor: completion, run, syntax error", body: queryEditor },
  { name: "histogram: levels, drag to zoom", body: histogram },
  { name: "row detail: filter for and out of a value", body: fieldFilters },
  { name: "fields tab: types, top values, shares, filters", body: fieldsTab },
  { name: "patterns tab: counts, trend, sample, filters", body: patternsTab },
  { name: "metric plot: lines, legend, stack, table, instant value", body: metricPlot },
  { name: "metrics: graph, legend, zoom, stack, log, exemplars, table, explain", body: metricsPage },
  { name: "metrics: completion, errors in place, several queries, links", body: metricsEditor },
  { name: "metrics: browser of names, labels and values", body: metricBrowser },
  { name: "status: targets", body: targets },
  { name: "status: series and cardinality", body: cardinality },
  { name: "status: memory and limits, warnings before them", body: memoryLimits },
  { name: "manage: rule groups, errors at their line", body: ruleGroups },
  { name: "manage: scrape jobs, errors at their line", body: scrapeJobs },
  { name: "live tail: new lines without reload, pause and resume", body: liveTail },
  { name: "lines around a line", body: context },
  { name: "links and history: reload, back, forward, another browser", body: links },
  { name: "dark and light, English and Chinese", body: looks },
  { name: "empty server, server down and back", body: emptyAndDown },
  { name: "100,000 rows", body: manyRows },
  { name: "keyboard", body: keyboard },
  { name: "screenshots", body: screenshots },
];
