import { ApiError, urlOf } from "./client";
import { formatQuery } from "./loki";
import type { Stream, TailFrame } from "./types";

export type TailStatus = "connecting" | "open" | "waiting" | "refused";

export interface TailHandlers {
  onStreams(streams: Stream[]): void;
  onDropped(count: number): void;
  onStatus(status: TailStatus, detail: string): void;
}

export interface Tail {
  close(): void;
}

const kRetryMinMs = 500;
const kRetryMaxMs = 15_000;

// Follows a query over a WebSocket and connects again with growing pauses when the connection is lost, from
// `resumeFrom()` on. A policy or internal-error close means that the query itself was refused.
export function openTail(query: string, limit: number, resumeFrom: () => string, handlers: TailHandlers): Tail {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let closed = false;

  const refuse = (reason: string) => handlers.onStatus("refused", reason);
  const retry = (reason: string) => {
    const pause = Math.min(kRetryMaxMs, kRetryMinMs * 2 ** failures);
    failures += 1;
    handlers.onStatus("waiting", reason);
    timer = setTimeout(connect, pause);
  };

  const connect = () => {
    handlers.onStatus("connecting", "");
    const path = urlOf("/loki/api/v1/tail", { query, limit, start: resumeFrom(), extensions: "true" });
    socket = new WebSocket(location.origin.replace(/^http/, "ws") + path);
    let opened = false;
    socket.onopen = () => {
      opened = true;
      failures = 0;
      handlers.onStatus("open", "");
    };
    socket.onmessage = (event) => receive(String(event.data), handlers);
    socket.onclose = (event) => {
      if (closed) return;
      if (event.code === 1008 || event.code === 1011) return refuse(event.reason);
      if (opened) return retry(event.reason);
      // A page is not told why an upgrade failed. Asking about the query tells a wrong one from a server that is away.
      return void faultOf(query).then((fault) => {
        if (closed) return;
        if (fault) refuse(fault);
        else retry(event.reason);
      });
    };
  };

  connect();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}

async function faultOf(query: string): Promise<string | undefined> {
  try {
    await formatQuery(query);
    return undefined;
  } catch (error) {
    return error instanceof ApiError && error.kind === "query" ? error.message : undefined;
  }
}

function receive(text: string, handlers: TailHandlers) {
  let frame: TailFrame;
  try {
    frame = JSON.parse(text) as TailFrame;
  } catch {
    handlers.onStatus("open", `not JSON: ${text.slice(0, 100)}`);
    return;
  }
  if (frame.streams && frame.streams.length > 0) handlers.onStreams(frame.streams);
  if (frame.dropped_entries && frame.dropped_entries.length > 0) handlers.onDropped(frame.dropped_entries.length);
}
