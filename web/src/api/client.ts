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

export type Params = Record<string, string | number | bigint | readonly string[] | undefined>; // a list: once for each

export function urlOf(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (Array.isArray(value)) for (const each of value) query.append(name, each as string);
    else if (value !== undefined && value !== "") query.set(name, value.toString());
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

export interface GetOptions {
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

interface SendOptions extends GetOptions {
  method?: "PUT" | "DELETE";
  body?: string;
}

export async function getJson<T>(path: string, params: Params, options: GetOptions = {}): Promise<T> {
  const response = await send(urlOf(path, params), options);
  const text = await response.text();
  if (!response.ok) throw errorOf(response, text);
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ApiError("server", response.status, `${path}: the answer is not JSON: ${text.slice(0, 200)}`);
  }
}

// A change: nothing comes back but that it was done.
export async function sendYaml(method: "PUT" | "DELETE", path: string, body?: string): Promise<void> {
  const headers: Record<string, string> = body === undefined ? {} : { "Content-Type": "application/yaml" };
  const response = await send(path, { method, body, headers });
  if (!response.ok) throw errorOf(response, await response.text());
}

// LogQL beyond Loki's is for whoever asks for it: docs/logql-extensions.md.
const kExtensions = { "X-Trilobite-Extensions": "true" };

async function send(url: string, { headers, ...options }: SendOptions): Promise<Response> {
  try {
    return await fetch(url, { ...options, headers: { ...kExtensions, ...headers } });
  } catch (cause) {
    if (options.signal?.aborted) throw cause; // the caller's own doing, not a failure
    throw new ApiError("unreachable", 0, cause instanceof Error ? cause.message : String(cause));
  }
}

// Errors are plain text, but some endpoints answer {"error": "...", "errorType": "..."}.
function errorOf(response: Response, text: string): ApiError {
  const trimmed = text.trim();
  const { message, type } = trimmed.startsWith("{") ? readBody(trimmed) : { message: trimmed, type: undefined };
  const said = message === "" ? `HTTP ${response.status} ${response.statusText}`.trim() : message;
  return new ApiError(kindOf(response.status, type), response.status, said);
}

function kindOf(status: number, type: string | undefined): ApiErrorKind {
  if (type === "timeout") return "timeout"; // Prometheus says so with 503
  if (status === 502 || status === 503) return "unreachable";
  if (status === 400 || status === 422) return "query";
  if (status === 413 || status === 429) return "limit";
  return status === 504 ? "timeout" : "server";
}

function readBody(text: string): { message: string; type?: string } {
  try {
    const body = JSON.parse(text) as { error?: unknown; message?: unknown; errorType?: unknown };
    const message = body.error ?? body.message;
    const type = typeof body.errorType === "string" ? body.errorType : undefined;
    return { message: typeof message === "string" ? message : text, type };
  } catch {
    return { message: text };
  }
}
