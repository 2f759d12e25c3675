// What can be changed over the API: scrape jobs and groups of rules.
import { getJson, sendYaml } from "./client";
import type { PromEnvelope } from "./prometheus_types";

const kJobs = "/api/v1/scrape_configs";

export type Source = "file" | "api"; // what a file of the server says can be changed only there

export interface ScrapeJob {
  jobName: string;
  source: Source;
  yaml: string; // secrets as <secret>
}

export async function scrapeJobs(signal?: AbortSignal): Promise<ScrapeJob[]> {
  return (await getJson<PromEnvelope<ScrapeJob[]>>(kJobs, {}, { signal })).data ?? [];
}

export function putScrapeJob(name: string, yaml: string): Promise<void> {
  return sendYaml("PUT", `${kJobs}/${encodeURIComponent(name)}`, yaml);
}

export function deleteScrapeJob(name: string): Promise<void> {
  return sendYaml("DELETE", `${kJobs}/${encodeURIComponent(name)}`);
}

export interface RuleGroup {
  namespace: string; // of a file: its path
  group: string;
  source: Source;
  rules: number;
  yaml: string;
}

export async function ruleGroups(signal?: AbortSignal): Promise<RuleGroup[]> {
  return (await getJson<PromEnvelope<RuleGroup[]>>("/api/v1/rule_groups", {}, { signal })).data ?? [];
}

const groupPath = (namespace: string, group: string) =>
  `/api/v1/rules/${encodeURIComponent(namespace)}/${encodeURIComponent(group)}`;

export function putRuleGroup(namespace: string, group: string, yaml: string): Promise<void> {
  return sendYaml("PUT", groupPath(namespace, group), yaml);
}

export function deleteRuleGroup(namespace: string, group: string): Promise<void> {
  return sendYaml("DELETE", groupPath(namespace, group));
}
