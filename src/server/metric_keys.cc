#include "server/metric_keys.h"

namespace trilobite::server {

std::vector<Field<Config>> metric_fields() {
  using C = Config;
  using M = MetricQuerySettings;
  using G = GraphiteOptions;
  const auto metrics = [](auto M::*value) { return member(&C::metric_queries, value); };
  const auto graphite = [](auto G::*value) { return member(&C::graphite, value); };
  return {
      duration_field<C>("lookback",
                        "How old the newest sample of a series may be that counts as its value now. A request may say "
                        "`lookback_delta`.",
                        metrics(&M::lookback)),
      duration_field<C>("query_timeout", "A query takes at most this; a request may ask for less.",
                        metrics(&M::timeout)),
      duration_field<C>("evaluation_interval", "The step of subqueries that have none.",
                        metrics(&M::evaluation_interval)),
      count_field<C>("query_samples_max", "Samples that one query may hold in memory.", metrics(&M::samples_max)),
      count_field<C>("query_points_max", "Points per series that a range query may ask for.", metrics(&M::points_max)),
      flag_field<C>("experimental_functions", "PromQL: functions that Prometheus has behind a feature flag.",
                    metrics(&M::experimental_functions)),
      flag_field<C>("duration_expressions", "PromQL: `[5m * 2]`, `offset (step() + 1m)`.",
                    metrics(&M::duration_expressions)),
      flag_field<C>("extended_range_selectors", "PromQL: `anchored` and `smoothed`.",
                    metrics(&M::extended_range_selectors)),
      flag_field<C>("fill_modifiers", "PromQL: `fill`, `fill_left` and `fill_right` of binary operators.",
                    metrics(&M::fill_modifiers)),
      flag_field<C>("admin_api", "Whether `/api/v1/admin/tsdb` may delete series and take snapshots.",
                    metrics(&M::admin_api)),
      flag_field<C>("search_api", "Whether `/api/v1/search` answers: names and values that are like what is typed.",
                    metrics(&M::search_api)),
      text_field<C>("graphite_listen",
                    "Address and port for Graphite's plaintext protocol over TCP, such as 127.0.0.1:2003; without one "
                    "nothing listens. Samples belong to the tenant of `scrape.tenant`.",
                    graphite(&G::listen)),
      count_field<C>("graphite_connections_max", "Connections of it; more are closed.",
                     graphite(&G::connections_max)),
      bytes_field<C>("graphite_line_bytes_max", "One line of it; longer ones are left out.",
                     graphite(&G::line_bytes_max)),
      duration_field<C>("graphite_idle_timeout",
                        "A connection of it without a byte for this long is closed; 0 for never.",
                        graphite(&G::idle_timeout)),
  };
}

}  // namespace trilobite::server
