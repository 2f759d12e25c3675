#include "logs/log_page.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/hash.h"
#include "logs/metric_query.h"
#include "logs/row_order.h"

namespace trilobite::logql {
namespace {

constexpr std::size_t kLateRowsMax = 1000;  // of one time, written between two pages in front of the position
constexpr TimeNs kTimeMax = std::numeric_limits<TimeNs>::max();

template <class T>
bool take_number(std::string_view& text, T& out, int base = 10) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (failed != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_point(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

TimeRange only(TimeNs time) { return {time, time == kTimeMax ? time : time + 1}; }

TimeRange intersect(const TimeRange& a, const TimeRange& b) {
  return {std::max(a.start, b.start), std::min(a.end, b.end)};
}

// How many of `rows`, all of one time, are in front of the position: up to the row it was made of, the nearest one
// should several be alike. Where that row is gone, as many as were given out.
std::size_t rows_in_front(const std::vector<LogRow>& rows, const LogPosition& position) {
  std::optional<std::size_t> nearest;
  const auto distance = [&](std::size_t i) {
    return i + 1 > position.rows ? i + 1 - position.rows : position.rows - i - 1;
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (content_hash(rows[i]) == position.hash && (!nearest || distance(i) < distance(*nearest))) nearest = i;
  }
  return nearest ? *nearest + 1 : std::min<std::size_t>(position.rows, rows.size());
}

void append(std::vector<LogRow>& rows, std::vector<LogRow> more) {
  std::move(more.begin(), more.end(), std::back_inserter(rows));
}

LogPosition position_behind(const std::vector<LogRow>& rows, Direction direction,
                            const std::optional<LogPosition>& after) {
  const LogRow& last = rows.back();
  LogPosition out{direction, last.time, 0, content_hash(last)};
  for (auto row = rows.rbegin(); row != rows.rend() && row->time == last.time; ++row) ++out.rows;
  if (after && after->time == last.time) out.rows += after->rows;
  return out;
}

}  // namespace

std::string to_cursor(const LogPosition& position) {
  return fmt::format("{}{}.{}.{:016x}", position.direction == Direction::kForward ? 'f' : 'b', position.time,
                     position.rows, position.hash);
}

Result<LogPosition> parse_cursor(std::string_view cursor) {
  LogPosition out;
  std::string_view rest = cursor;
  const bool forward = rest.starts_with('f');
  const bool good = (forward || rest.starts_with('b')) && (rest.remove_prefix(1), true) &&
                    take_number(rest, out.time) && take_point(rest) && take_number(rest, out.rows) &&
                    take_point(rest) && rest.size() == 16 && take_number(rest, out.hash, 16) && rest.empty() &&
                    out.rows > 0;
  if (!good) return error(Code::kInvalid, "\"{}\" is no cursor of an answer", cursor);
  out.direction = forward ? Direction::kForward : Direction::kBackward;
  return out;
}

std::uint64_t content_hash(const LogRow& row) {
  std::uint64_t hash = hash64(row.line, hash64(row.stream->bytes()));
  for (const LogRow::Label& label : row.labels) hash = hash64(label.value, hash64(label.name, hash));
  return hash;
}

Result<LogPage> run_log_page(query::QueryContext& context, const LogExpr& log, const LogQuery& query,
                             const std::optional<LogPosition>& after) {
  const bool by_time = !log.sort && log.distinct.empty() && query.interval == 0;
  if (after && !by_time) {
    return error(Code::kInvalid, "a cursor cannot go on in an answer with distinct, sort or interval");
  }
  if (after && after->direction != query.direction) {
    return error(Code::kInvalid, "the cursor is of an answer in the other direction");
  }
  const bool forward = query.direction == Direction::kForward;
  const std::size_t wanted = query.limit + 1;  // one more tells whether there are more
  LogQuery part = query;
  LogPage page;
  if (after) {
    part.range = intersect(query.range, only(after->time));
    part.limit = after->rows + wanted + kLateRowsMax;
    TRY(same_time, run_log_query(context, log, part));
    const auto skipped = static_cast<std::ptrdiff_t>(rows_in_front(same_time, *after));
    page.rows.assign(std::move_iterator(same_time.begin() + skipped), std::move_iterator(same_time.end()));
    const TimeRange behind =
        forward ? TimeRange{only(after->time).end, kTimeMax} : TimeRange{query.range.start, after->time};
    part.range = intersect(query.range, behind);
  }
  if (page.rows.size() < wanted) {
    part.limit = wanted - page.rows.size();
    TRY(rows, run_log_query(context, log, part));
    append(page.rows, std::move(rows));
  }
  page.truncated = page.rows.size() > query.limit;
  if (page.truncated) page.rows.erase(page.rows.begin() + static_cast<std::ptrdiff_t>(query.limit), page.rows.end());
  if (page.truncated && by_time && !page.rows.empty()) page.next = position_behind(page.rows, query.direction, after);
  return page;
}

Result<std::uint64_t> count_behind(query::QueryContext& context, const LogExpr& log, const LogQuery& query,
                                   const LogPage& page) {
  CHECK(page.next.has_value());
  const LogPosition& last = *page.next;
  const bool forward = query.direction == Direction::kForward;
  // Every row from the page's last time on, less those of that time which were given out.
  const TimeRange left = forward ? TimeRange{last.time, query.range.end}
                                 : TimeRange{query.range.start, only(last.time).end};
  RangeAggregation count;
  count.op = RangeOp::kCount;
  count.log = log;
  // A log query shows lines with errors; counting them must not fail.
  count.log.stages.emplace_back(DropStage{{{std::string(kErrorLabel), {}}, {std::string(kErrorDetailsLabel), {}}}});
  count.range_ns = left.end - left.start;
  count.grouping = Grouping{};
  TRY(value, run_metric_query(context, Expr{std::move(count)}, query::TimeGrid::instant(left.end - 1)));
  const auto* matrix = std::get_if<query::Matrix>(&value);
  if (matrix == nullptr || matrix->series.empty()) return std::uint64_t{0};
  const double rows = matrix->series.front().values.front();
  return query::is_absent(rows) || rows <= last.rows ? 0 : static_cast<std::uint64_t>(rows) - last.rows;
}

Result<LogSurroundings> run_surroundings(query::QueryContext& context, const LogExpr& log,
                                         const SurroundingsQuery& query) {
  if (log.sort || !log.distinct.empty()) {
    return error(Code::kInvalid, "lines around a line cannot be had with distinct or sort");
  }
  LogSurroundings out;
  const TimeRange at = intersect(query.range, only(query.time));
  TRY(same_time, run_log_query(context, log, {at, Direction::kForward, context.limits().entries_max, 0}));
  const auto is_line = [&](const LogRow& row) {
    if (query.hash) return content_hash(row) == *query.hash;
    return !query.line || row.line == *query.line;
  };
  const auto first = std::find_if(same_time.begin(), same_time.end(), is_line);
  const bool every = !query.hash && !query.line;
  const auto last = first == same_time.end() ? first : every ? same_time.end() : first + 1;
  std::vector<LogRow> front(std::move_iterator(same_time.begin()), std::move_iterator(first));
  out.at.assign(std::move_iterator(first), std::move_iterator(last));
  out.after.assign(std::move_iterator(last), std::move_iterator(same_time.end()));

  const TimeRange earlier = intersect(query.range, {query.range.start, query.time});
  const TimeRange later = intersect(query.range, {only(query.time).end, query.range.end});
  if (front.size() > query.before) front.erase(front.begin(), front.end() - static_cast<std::ptrdiff_t>(query.before));
  TRY(before, run_log_query(context, log, {earlier, Direction::kBackward, query.before - front.size(), 0}));
  // Newest first, and content ascending within a time: turned round by time only.
  std::stable_sort(before.begin(), before.end(), [](const LogRow& a, const LogRow& b) { return a.time < b.time; });
  out.before = std::move(before);
  append(out.before, std::move(front));
  if (out.after.size() > query.after) out.after.resize(query.after);
  TRY(after, run_log_query(context, log, {later, Direction::kForward, query.after - out.after.size(), 0}));
  append(out.after, std::move(after));
  return out;
}

}  // namespace trilobite::logql
