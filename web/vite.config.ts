import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev` proxies the API to a running server (or dev/mock-server.mjs) on this address.
const server = process.env.TRILOBITE_URL ?? "http://127.0.0.1:3100";

export default defineConfig({
  plugins: [react()],
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: {
      "/loki": { target: server, ws: true },
      "/api": { target: server },
      "/ready": { target: server },
    },
  },
  build: {
    target: "es2022",
    // The Content-Security-Policy allows same-origin files only, so nothing may become a data: URL.
    assetsInlineLimit: 0,
    sourcemap: false,
    rollupOptions: {
      output: {
        manualChunks(id) {
          if (/node_modules\/(@lezer\/(lr|common|highlight)|@grafana\/lezer-logql)\//.test(id)) return "logql";
          if (/node_modules\/@prometheus-io\/lezer-promql\//.test(id)) return "promql";
          if (/node_modules\/@prometheus-io\//.test(id)) return "promqlEditor";
          if (/node_modules\/(@codemirror\/lang-yaml|@lezer\/yaml)\//.test(id)) return "yaml";
          if (/node_modules\/(@codemirror|@lezer|@marijn|style-mod|w3c-keyname|crelt)\//.test(id)) return "editor";
          if (/node_modules\/uplot\//.test(id)) return "chart";
          if (/node_modules\/(react|react-dom|scheduler)\//.test(id)) return "react";
          if (/node_modules\//.test(id)) return "vendor";
          return undefined;
        },
      },
    },
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.ts"],
  },
});
