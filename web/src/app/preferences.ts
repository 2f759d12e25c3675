// What a person chose for this browser. Private windows may refuse storage; then it lasts as long as the page.

const kPrefix = "trilobite.";

export function readPreference(name: string): string | undefined {
  try {
    return localStorage.getItem(kPrefix + name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function writePreference(name: string, value: string) {
  try {
    localStorage.setItem(kPrefix + name, value);
  } catch {
    // Storage is refused: nothing to keep it in.
  }
}
