// What the editor's completion asks of the server.
import type { MetricMetadata } from "../api/prometheus_types";

export interface PromWorld {
  metricNames(): Promise<string[]>;
  labelNames(match?: string): Promise<string[]>;
  labelValues(name: string, match?: string): Promise<string[]>;
  metadata(): Promise<Record<string, MetricMetadata[]>>;
}
