import { useEffect, useState } from "react";

// The text being edited. It follows the query that was asked (a filter, Back, a default) whenever that changes.
export function useDraft(query: string): [string, (text: string) => void] {
  const [draft, setDraft] = useState(query);
  useEffect(() => setDraft(query), [query]);
  return [draft, setDraft];
}
