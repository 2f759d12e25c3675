// One place for HTTP: same-origin fetch, answers as JSON, failures as ApiError.

export type ApiErrorKind =
  | "unreachable" // no answer at all
  | "query" // 400: the query or a parameter is wrong
  | "limit" // 413, 429: too much
  | "timeout" // 504
  | "server"; // anything else

export class ApiError extends Error {
  readonly kind: ApiErrorKind;
  readonly status: number;

  constructor(kind: ApiErrorKind, status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.kind = kind;
    this.status = status;
  }
}

export type Params = Record<string, string | number | bigint | undefined>;

export function urlOf(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== "") query.set(name, value.toString());
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

export interface GetOptions {
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

export async function getJson<T>(path: string, params: Params, options: GetOptions = {}): Promise<T> {
  const response = await send(urlOf(path, params), options);
  const text = await response.text();
  if (!response.ok) throw new ApiError(kindOf(response.status), response.status, messageOf(text, response));
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ApiError("server", response.status, `${path}: the answer is not JSON: ${text.slice(0, 200)}`);
  }
}

// LogQL beyond Loki's is for whoever asks for it: docs/logql-extensions.md.
const kExtensions = { "X-Trilobite-Extensions": "true" };

async function send(url: string, options: GetOptions): Promise<Response> {
  try {
    return await fetch(url, { signal: options.signal, headers: { ...kExtensions, ...options.headers } });
  } catch (cause) {
    if (options.signal?.aborted) throw cause; // the caller's own doing, not a failure
    throw new ApiError("unreachable", 0, cause instanceof Error ? cause.message : String(cause));
  }
}

function kindOf(status: number): ApiErrorKind {
  if (status === 502 || status === 503) return "unreachable";
  if (status === 400 || status === 422) return "query";
  if (status === 413 || status === 429) return "limit";
  return status === 504 ? "timeout" : "server";
}

// Errors are plain text, but some endpoints answer {"error": "..."}.
function messageOf(text: string, response: Response): string {
  const trimmed = text.trim();
  if (trimmed === "") return `HTTP ${response.status} ${response.statusText}`.trim();
  if (!trimmed.startsWith("{")) return trimmed;
  try {
    const body = JSON.parse(trimmed) as { error?: unknown; message?: unknown };
    const message = body.error ?? body.message;
    return typeof message === "string" ? message : trimmed;
  } catch {
    return trimmed;
  }
}
