import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { readPreference, writePreference } from "../app/preferences";
import { en, type Key } from "./en";
import { fill, type Params } from "./fill";
import { zh } from "./zh";

export type Language = "en" | "zh";

const kDictionaries: Record<Language, Record<Key, string>> = { en, zh };
const kPreference = "language";

export interface I18n {
  language: Language;
  setLanguage(language: Language): void;
  t(key: Key, params?: Params): string;
  number(value: number): string;
  percent(share: number): string;
}

const Context = createContext<I18n | undefined>(undefined);

function initialLanguage(): Language {
  const chosen = readPreference(kPreference);
  if (chosen === "en" || chosen === "zh") return chosen;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function I18nProvider({ children }: { children: ReactNode }) {
  const [language, choose] = useState<Language>(initialLanguage);
  const setLanguage = useCallback((next: Language) => {
    writePreference(kPreference, next);
    choose(next);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  }, [language]);
  const value = useMemo<I18n>(() => {
    const locale = language === "zh" ? "zh-CN" : "en-US";
    const numbers = new Intl.NumberFormat(locale);
    const shares = new Intl.NumberFormat(locale, { style: "percent", maximumSignificantDigits: 3 });
    return {
      language,
      setLanguage,
      t: (key, params) => fill(kDictionaries[language][key], params),
      number: (count) => numbers.format(count),
      percent: (share) => shares.format(share),
    };
  }, [language, setLanguage]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useI18n(): I18n {
  const value = useContext(Context);
  if (!value) throw new Error("useI18n outside I18nProvider");
  return value;
}

export type { Key } from "./en";
