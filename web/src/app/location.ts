import { useSyncExternalStore } from "react";

// The address bar as the store of what is shown. Back and forward come in as popstate.

const kMoved = "trilobite:moved";

export interface Place {
  path: string;
  search: string;
}

let place: Place = { path: location.pathname, search: location.search };

function current(): Place {
  if (place.path !== location.pathname || place.search !== location.search) {
    place = { path: location.pathname, search: location.search };
  }
  return place;
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  window.addEventListener(kMoved, listener);
  return () => {
    window.removeEventListener("popstate", listener);
    window.removeEventListener(kMoved, listener);
  };
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, current);
}

export function go(path: string, search: string, how: "push" | "replace") {
  const url = path + search;
  if (url === location.pathname + location.search) return;
  if (how === "push") history.pushState(null, "", url);
  else history.replaceState(null, "", url);
  window.dispatchEvent(new Event(kMoved));
}
