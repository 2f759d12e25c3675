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
    const numbers = new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en-US");
    return {
      language,
      setLanguage,
      t: (key, params) => fill(kDictionaries[language][key], params),
      number: (count) => numbers.format(count),
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
