import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect } from "react";
import { I18nProvider } from "../i18n";
import { LogsPage } from "../logs/LogsPage";
import { go, usePlace } from "./location";
import { Shell } from "./Shell";
import { theme } from "./theme";

export const kLogsPath = "/explore/logs";

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
  const known = place.path === kLogsPath;
  useEffect(() => {
    // One page so far, so every other address leads to it.
    if (!known) go(kLogsPath, place.path === "/" ? place.search : "", "replace");
  }, [known, place]);
  return <Shell>{known && <LogsPage search={place.search} path={kLogsPath} />}</Shell>;
}
