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
  | { resultType: "streams"; result: Stream[]; stats?: QueryStats }
  | { resultType: "matrix"; result: MatrixSeries[]; stats?: QueryStats }
  | { resultType: "vector"; result: VectorSample[]; stats?: QueryStats }
  | { resultType: "scalar"; result: [number, string]; stats?: QueryStats };

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

export interface TailFrame {
  streams?: Stream[] | null;
  dropped_entries?: { labels: Labels; timestamp: string }[] | null;
}

export interface BuildInfo {
  version?: string;
  revision?: string;
}

export type Direction = "backward" | "forward";
