import { useCallback, useMemo } from "react";
import { go } from "../app/location";
import { readState, writeState, type LogsState } from "./url_state";

export type UpdateState = (patch: Partial<LogsState>, how?: "push" | "replace") => void;

// The URL is the state. What changes the answer is pushed, so that Back returns to it; how it is shown replaces.
export function useLogsState(path: string, search: string): [LogsState, UpdateState] {
  const state = useMemo(() => readState(search), [search]);
  const update = useCallback<UpdateState>(
    (patch, how = "push") => {
      // Read at the time of the call: two updates in one tick must both hold.
      go(path, writeState({ ...readState(location.search), ...patch }), how);
    },
    [path],
  );
  return [state, update];
}
