import { Tooltip, useComputedColorScheme, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { useColorScheme } from "@mantine/hooks";
import { useI18n } from "../i18n";
import { Icon, type IconName } from "./icons";

const kThemeIcon: Record<MantineColorScheme, IconName> = { auto: "auto", light: "sun", dark: "moon" };

// auto -> the opposite of what is shown -> the other -> auto; so every click from auto changes something.
export function ThemeToggle({ className }: { className?: string }) {
  const { t } = useI18n();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const system = useColorScheme();
  const computed = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const next = () => {
    if (colorScheme !== "auto" && colorScheme === system) return setColorScheme("auto");
    return setColorScheme(computed === "dark" ? "light" : "dark");
  };
  const label = t(`theme.${colorScheme}`);
  return (
    <Tooltip label={label} position="right">
      <button type="button" className={className} onClick={next} aria-label={label} data-testid="theme-toggle">
        <Icon name={kThemeIcon[colorScheme]} size={18} />
      </button>
    </Tooltip>
  );
}

export function LanguageToggle({ className }: { className?: string }) {
  const { t, language, setLanguage } = useI18n();
  const label = t("language.switch");
  return (
    <Tooltip label={label} position="right">
      <button
        type="button"
        className={className}
        aria-label={label}
        data-testid="language-toggle"
        onClick={() => setLanguage(language === "en" ? "zh" : "en")}
      >
        <Icon name="language" size={18} />
      </button>
    </Tooltip>
  );
}
