import { useQuery } from "@tanstack/react-query";
import { deleteScrapeJob, putScrapeJob, scrapeJobs } from "../api/manage";
import { useI18n } from "../i18n";
import { Workbench, type Entry } from "./Workbench";

const kTemplate = `job_name: node
scrape_interval: 15s
static_configs:
- targets: ["localhost:9100"]
`;

// What is scraped: the jobs of the configuration file to look at, those of the API to change.
export default function JobsPage({ path, search }: { path: string; search: string }) {
  const { t } = useI18n();
  const answer = useQuery({
    queryKey: ["scrape-jobs"],
    queryFn: async ({ signal }): Promise<Entry[]> => {
      const jobs = await scrapeJobs(signal);
      return jobs.map(({ jobName, source, yaml }) => ({ id: jobName, name: jobName, source, yaml }));
    },
  });
  return (
    <Workbench
      path={path}
      search={search}
      answer={answer}
      nameKey="job_name"
      template={kTemplate}
      words={{
        title: t("jobs.title"),
        search: t("jobs.search"),
        fresh: t("jobs.new"),
        none: t("jobs.none.title"),
        advice: t("jobs.none.advice"),
        editor: t("jobs.editor"),
        nameless: t("jobs.nameless"),
        fromFile: t("jobs.fromFile"),
        question: ({ name }) => t("jobs.question", { name }),
      }}
      save={async (name, yaml) => {
        await putScrapeJob(name, yaml);
        return name;
      }}
      remove={({ name }) => deleteScrapeJob(name)}
      more={({ name }) => <a href={`/status/targets?${new URLSearchParams({ search: name })}`}>{t("jobs.targets")}</a>}
    />
  );
}
