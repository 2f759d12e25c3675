import { useImperativeHandle, type Ref, type RefObject } from "react";
import type { ListHandle } from "./LogList";

// The keys of the list of lines, for a table whose rows are headed by a button with `data-row` that opens them.
export function useRowKeys(handle: Ref<ListHandle>, box: RefObject<HTMLElement>) {
  useImperativeHandle(handle, () => {
    const heads = () => [...(box.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
    const here = () => heads().findIndex((head) => head === document.activeElement);
    const focus = (index: number) => {
      const all = heads();
      all[Math.max(0, Math.min(all.length - 1, index))]?.focus();
    };
    return {
      move: (by) => focus(here() === -1 && by < 0 ? 0 : here() + by),
      moveTo: (end) => focus(end === "first" ? 0 : Number.MAX_SAFE_INTEGER),
      toggle: () => heads()[here()]?.click(),
      collapse: () => {
        const head = heads()[here()];
        const open = head?.getAttribute("aria-expanded") === "true";
        if (open) head.click();
        return open;
      },
      current: () => undefined,
    };
  });
}
