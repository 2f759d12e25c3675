// Shapes of the Loki HTTP API as this UI uses them.

export type Labels = Record<string, string>;

// The third member of a value when the categorize-labels flag is set.
export interface Categorized {
  structuredMetadata?: Labels;
  parsed?: Labels;
}

export type StreamValue = [ns: string, line: string, categorized?: Categorized];

export interface Stream {
  stream: Labels;
  values: StreamValue[];
}

export interface MatrixSeries {
  metric: Labels;
  values: [seconds: number, value: string][];
}

export interface VectorSample {
  metric: Labels;
  value: [seconds: number, value: string];
}

export type QueryData =
  | StreamsData
  | { resultType: "matrix"; result: MatrixSeries[]; stats?: QueryStats }
  | { resultType: "vector"; result: VectorSample[]; stats?: QueryStats }
  | { resultType: "scalar"; result: [number, string]; stats?: QueryStats };

export interface StreamsData {
  resultType: "streams";
  result: Stream[];
  ordered?: boolean; // by the query's sort
  truncated?: boolean; // more lines matched than were asked for
  rowsMore?: number; // how many, where the server could count them
  stats?: QueryStats;
}

export interface QueryStats {
  summary?: {
    execTime?: number;
    totalBytesProcessed?: number;
    totalLinesProcessed?: number;
    totalEntriesReturned?: number;
  };
}

export interface Envelope<T> {
  status: "success" | "error";
  data?: T;
  warnings?: string[];
}

// A field that the server found in a sample of the lines. `parsers`: which stage reads it; null for structured metadata.
export interface DetectedField {
  label: string;
  type: "int" | "float" | "boolean" | "duration" | "bytes" | "string";
  cardinality: number;
  parsers: string[] | null;
  jsonPath?: string[];
}

export interface LinePattern {
  pattern: string;
  level?: string;
  samples: [seconds: number, count: number][];
}

export interface TailFrame {
  streams?: Stream[] | null;
  dropped_entries?: { labels: Labels; timestamp: string }[] | null;
}

export interface BuildInfo {
  version?: string;
  revision?: string;
}

export type Direction = "backward" | "forward";
