import { Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { buildInfo } from "../api/loki";
import { useI18n, type Key } from "../i18n";
import { HelpDialog } from "./HelpDialog";
import { Icon, type IconName } from "./icons";
import { usePlace } from "./location";
import { useWarningCount } from "../status/useMemory";
import { useShortcuts } from "./shortcuts";
import { LanguageToggle, ThemeToggle } from "./toggles";
import { Logo } from "./Logo";
import styles from "./Shell.module.css";

interface Destination {
  path: string;
  icon: IconName;
  label: Key;
}

const kMemoryPath = "/status/memory";

// A page appears here when it exists.
const kDestinations: readonly Destination[] = [
  { path: "/explore/logs", icon: "logs", label: "nav.logs" },
  { path: "/explore/metrics", icon: "chart", label: "nav.metrics" },
  { path: "/status/targets", icon: "targets", label: "nav.targets" },
  { path: "/status/tsdb", icon: "database", label: "nav.tsdb" },
  { path: kMemoryPath, icon: "memory", label: "nav.memory" },
  { path: "/manage/jobs", icon: "jobs", label: "nav.jobs" },
  { path: "/manage/rules", icon: "rules", label: "nav.rules" },
];

export function Shell({ children }: { children: ReactNode }) {
  const { t } = useI18n();
  const place = usePlace();
  const [help, setHelp] = useState(false);
  const build = useQuery({ queryKey: ["buildinfo"], queryFn: ({ signal }) => buildInfo(signal) });
  const warnings = useWarningCount();
  useShortcuts({ "?": () => setHelp(true) });
  const version = build.data?.version;
  return (
    <div className={styles.shell}>
      <nav className={styles.nav} aria-label={t("nav.title")}>
        <Tooltip label={version ? `Trilobite ${version}` : "Trilobite"} position="right">
          <a className={styles.logo} href="/" aria-label="Trilobite">
            <Logo />
          </a>
        </Tooltip>
        <div className={styles.items}>
          {kDestinations.map(({ path, icon, label }) => {
            const warned = path === kMemoryPath && warnings > 0;
            return (
              <a
                key={path}
                className={styles.item}
                href={path}
                aria-current={place.path === path ? "page" : undefined}
                aria-label={warned ? t("nav.warnings", { name: t(label), count: warnings }) : undefined}
              >
                <Icon name={icon} size={19} />
                <span>{t(label)}</span>
                {warned && (
                  <b className={styles.badge} data-testid="nav-warnings">
                    {warnings}
                  </b>
                )}
              </a>
            );
          })}
        </div>
        <Tooltip label={t("help.title")} position="right">
          <button
            type="button"
            className={styles.tool}
            onClick={() => setHelp(true)}
            aria-label={t("help.title")}
            data-testid="help-button"
          >
            <Icon name="help" size={18} />
          </button>
        </Tooltip>
        <LanguageToggle className={styles.tool} />
        <ThemeToggle className={styles.tool} />
      </nav>
      <main className={styles.main}>{children}</main>
      <HelpDialog page={place.path} opened={help} onClose={() => setHelp(false)} />
    </div>
  );
}
