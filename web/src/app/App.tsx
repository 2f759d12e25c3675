import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, type ComponentType, type LazyExoticComponent } from "react";
import { I18nProvider } from "../i18n";
import { LogsPage } from "../logs/LogsPage";
import { fromPrometheusLink } from "../metrics/url_state";
import { go, usePlace, type Place } from "./location";
import { Shell } from "./Shell";
import { theme } from "./theme";

interface PageProps {
  path: string;
  search: string;
}

export const kLogsPath = "/explore/logs";
const kMetricsPath = "/explore/metrics";

// Only the first page is in the first bundle.
const kPages: Record<string, ComponentType<PageProps> | LazyExoticComponent<ComponentType<PageProps>>> = {
  [kLogsPath]: LogsPage,
  [kMetricsPath]: lazy(() => import("../metrics/MetricsPage")),
  "/status/targets": lazy(() => import("../status/TargetsPage")),
  "/status/tsdb": lazy(() => import("../status/TsdbPage")),
  "/status/memory": lazy(() => import("../status/MemoryPage")),
  "/manage/jobs": lazy(() => import("../manage/JobsPage")),
  "/manage/rules": lazy(() => import("../manage/RulesPage")),
};

// Where Prometheus has its pages; alerts and bookmarks link there.
const kPrometheusPaths: Record<string, string> = {
  "/graph": kMetricsPath,
  "/query": kMetricsPath,
  "/targets": "/status/targets",
  "/service-discovery": "/status/targets",
  "/tsdb-status": "/status/tsdb",
  "/rules": "/manage/rules",
};

// A query is asked again when its person asks, not behind their back: results must not move while being read.
const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false, staleTime: Infinity },
  },
});

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <I18nProvider>
          <Routes />
        </I18nProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}

function Routes() {
  const place = usePlace();
  const Page = kPages[place.path];
  useEffect(() => {
    if (!Page) forward(place);
  }, [Page, place]);
  return (
    <Shell>
      <Suspense fallback={null}>{Page && <Page key={place.path} search={place.search} path={place.path} />}</Suspense>
    </Shell>
  );
}

// Every address that is no page leads to one.
function forward({ path, search }: Place) {
  const to = kPrometheusPaths[path];
  if (to === undefined) return go(kLogsPath, path === "/" ? search : "", "replace");
  go(to, to === kMetricsPath ? fromPrometheusLink(search) : "", "replace");
}
