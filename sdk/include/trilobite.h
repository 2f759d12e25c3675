/* The C interface of the instrumentation library: logs, spans and metrics for programs in other languages.
 *
 * Texts are UTF-8 and need no terminating zero where a size goes with them; they are copied during the call. Handles
 * are opaque; each says who frees it. Every function may be called by any thread, accepts null for every handle (and
 * then does nothing), and lets no exception out. Where a call can fail it returns 0 for success and writes the reason,
 * cut to error_size - 1 bytes and ended by a zero, to error, which may be null.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define TRILOBITE_API __attribute__((visibility("default")))
#else
#define TRILOBITE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Changes when something here changes in a way that breaks callers. */
#define TRILOBITE_ABI 1
TRILOBITE_API int tri_abi(void);
TRILOBITE_API const char* tri_version(void);

enum tri_level { TRI_OFF = 0, TRI_ERROR = 1, TRI_WARN = 2, TRI_INFO = 3, TRI_DEBUG = 4, TRI_TRACE = 5 };

typedef struct tri_text {
  const char* data;
  size_t size;
} tri_text;

enum tri_type {
  TRI_TYPE_INT = 0,     /* integer */
  TRI_TYPE_DOUBLE = 1,  /* real */
  TRI_TYPE_BOOL = 2,    /* integer: 0 or 1 */
  TRI_TYPE_STRING = 3,  /* text; JSONL: a text that is JSON becomes that value */
  TRI_TYPE_DISPLAY = 4, /* text; always a string, readable lines show it without quotes */
  TRI_TYPE_JSON = 5     /* text: raw JSON, a string when it is none */
};

typedef struct tri_field {
  tri_text key;
  tri_text text;
  int64_t integer;
  double real;
  int32_t type;
} tri_field;

/* ---- process ---------------------------------------------------------------------------------------------------- */

/* Sets logging, tracing and export up from the environment (docs/instrumentation.md). The first successful call counts.
 * default_level is the level used when nothing names one; null: "info". */
TRILOBITE_API int tri_init(const char* default_level, char* error, size_t error_size);
/* Hands everything logged and every ended span to its destination; waits at most so long. */
TRILOBITE_API void tri_flush(int64_t wait_ms);
/* The same, and stops export. To be called once, before the process ends. */
TRILOBITE_API void tri_shutdown(int64_t wait_ms);
/* Replaces the filter directives (as in DYN_LOG); nothing changes when one is invalid. */
TRILOBITE_API int tri_set_filter(tri_text directives, char* error, size_t error_size);

/* ---- contexts and spans ----------------------------------------------------------------------------------------- */

typedef struct tri_context tri_context; /* a position in a trace; freed with tri_context_free */
typedef struct tri_span tri_span;       /* a running span; freed by tri_span_end */

enum tri_span_kind { TRI_INTERNAL = 1, TRI_SERVER = 2, TRI_CLIENT = 3, TRI_PRODUCER = 4, TRI_CONSUMER = 5 };
enum tri_status { TRI_UNSET = 0, TRI_OK = 1, TRI_FAILED = 2 };

/* Starts a span below parent (null: a new trace). Spans of this interface are current nowhere: whoever keeps track of
 * what runs where, as asyncio does, passes contexts to tri_log and tri_span_start. Null: the filter rejects the span.
 */
TRILOBITE_API tri_span* tri_span_start(tri_text target, tri_text name, int level, int kind, const tri_context* parent,
                                       const tri_field* fields, size_t field_count);
TRILOBITE_API void tri_span_set(tri_span* span, const tri_field* fields, size_t field_count);
TRILOBITE_API void tri_span_event(tri_span* span, tri_text name, const tri_field* fields, size_t field_count);
TRILOBITE_API void tri_span_link(tri_span* span, const tri_context* to);
TRILOBITE_API void tri_span_status(tri_span* span, int status, tri_text description);
TRILOBITE_API void tri_span_exception(tri_span* span, tri_text type, tri_text message, tri_text stacktrace);
TRILOBITE_API void tri_span_end(tri_span* span);
TRILOBITE_API tri_context* tri_span_context(const tri_span* span);

/* From the headers of a request: traceparent, tracestate, baggage, b3, x-request-id, x-dynamo-request-id, in any
 * letter case. Null: none of them is there. */
TRILOBITE_API tri_context* tri_context_extract(const tri_text* names, const tri_text* values, size_t count);
/* Calls set for each header to send on. */
TRILOBITE_API void tri_context_inject(const tri_context* context,
                                      void (*set)(void* user, tri_text name, tri_text value), void* user);
/* Write 32 and 16 hexadecimal digits and a zero; empty texts when there are no ids. */
TRILOBITE_API void tri_context_trace_id(const tri_context* context, char out[33]);
TRILOBITE_API void tri_context_span_id(const tri_context* context, char out[17]);
TRILOBITE_API void tri_context_free(tri_context* context);

/* ---- logs ------------------------------------------------------------------------------------------------------- */

TRILOBITE_API int tri_log_enabled(tri_text target, int level);
/* context: the span the line is in, or null. */
TRILOBITE_API void tri_log(tri_text target, int level, tri_text message, const tri_context* context,
                           const tri_field* fields, size_t field_count);

/* ---- metrics ---------------------------------------------------------------------------------------------------- */

typedef struct tri_registry tri_registry; /* freed with tri_registry_free; its metrics live on where exposed */
typedef struct tri_metric tri_metric;     /* freed with tri_metric_free */
typedef struct tri_series tri_series;     /* freed with tri_series_free */

enum tri_metric_type { TRI_COUNTER = 0, TRI_GAUGE = 1, TRI_HISTOGRAM = 2, TRI_SUMMARY = 3 };
enum tri_exposition { TRI_TEXT = 0, TRI_OPENMETRICS = 1, TRI_PROTOBUF = 2 };

/* The root of the levels runtime > namespace > component > endpoint, the same one for every call. */
TRILOBITE_API tri_registry* tri_runtime(void);
/* A registry of its own, without prefixes and automatic labels. */
TRILOBITE_API tri_registry* tri_registry_new(void);
TRILOBITE_API tri_registry* tri_registry_child(const tri_registry* parent, tri_text name);
TRILOBITE_API void tri_registry_free(tri_registry* registry);

/* variable: names of labels whose values come with each series. buckets: upper bounds, null for the default ones. */
TRILOBITE_API tri_metric* tri_metric_new(const tri_registry* registry, int type, tri_text name, tri_text help,
                                         const tri_text* variable, size_t variable_count, const double* buckets,
                                         size_t bucket_count, char* error, size_t error_size);
TRILOBITE_API void tri_metric_free(tri_metric* metric);
/* As many values as the metric has variable labels. */
TRILOBITE_API tri_series* tri_metric_with(const tri_metric* metric, const tri_text* values, size_t count);
TRILOBITE_API void tri_series_free(tri_series* series);

TRILOBITE_API void tri_series_add(tri_series* series, double amount);    /* counter (not below 0), gauge */
TRILOBITE_API void tri_series_set(tri_series* series, double value);     /* gauge */
TRILOBITE_API void tri_series_observe(tri_series* series, double value); /* histogram, summary */

/* Add and observe inside a span: a sampled one is kept as an example (exemplar) of the counter or of the histogram's
 * bucket. context: null for none. */
TRILOBITE_API void tri_series_add_in(tri_series* series, double amount, const tri_context* context);
TRILOBITE_API void tri_series_observe_in(tri_series* series, double value, const tri_context* context);

typedef struct tri_output tri_output; /* where a callback writes; valid until it returns */
TRILOBITE_API void tri_output_append(tri_output* output, tri_text piece);

/* What is asked of an engine's exposition (trilobite/engine_metrics.h says it in full). Empty texts and null lists are
 * as if they were not there; an empty endpoint is "generate". */
typedef struct tri_engine {
  tri_text name_space, component, endpoint, model; /* labels for samples that lack them */
  const tri_text* include;                         /* beginnings of metrics' names; none: all metrics */
  size_t include_count;
  const tri_text* exclude; /* wins over include */
  size_t exclude_count;
  const tri_text* label_names; /* further labels */
  const tri_text* label_values;
  size_t label_count;
} tri_engine;

/* Has metrics of another library, in Prometheus' text format, appended to each exposition of the registry in that
 * format. write is called by whatever thread exposes, never by two at once; it returns 0, or something else when it
 * failed: what it appended is the reason then. It may be called as long as the process runs. engine: null for text that
 * is appended as it is. */
TRILOBITE_API int tri_registry_text(const tri_registry* registry, int (*write)(void* user, tri_output* output),
                                    void* user, const tri_engine* engine, char* error, size_t error_size);

/* Everything of the registry and below it, in the given format; freed with tri_free. Null: see error. */
TRILOBITE_API char* tri_expose(const tri_registry* registry, int exposition, size_t* size, char* error,
                               size_t error_size);
TRILOBITE_API const char* tri_content_type(int exposition);
TRILOBITE_API void tri_free(void* memory);

/* ---- status server ---------------------------------------------------------------------------------------------- */

/* Starts the status server of the environment (DYN_SYSTEM_PORT ...) for the runtime registry. Returns the port, 0 when
 * the environment does not ask for one, -1 for a failure. */
TRILOBITE_API int tri_status_server_start(char* error, size_t error_size);
/* Tells whether an endpoint is ready, as /health shows it. */
TRILOBITE_API void tri_status_server_health(tri_text endpoint, int ready);

#ifdef __cplusplus
}
#endif
