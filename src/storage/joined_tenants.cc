#include "storage/joined_tenants.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>

#include "storage/label_matcher.h"
#include "storage/scan_stats.h"

namespace trilobite {
namespace {

bool joined(std::string_view tenants) { return tenants.find('|') != std::string_view::npos; }

// What is asked of one tenant, or nothing when a matcher on __tenant_id__ excludes it.
Result<std::optional<std::vector<Matcher>>> matchers_for(std::string_view tenant, const std::vector<Matcher>& asked) {
  std::vector<Matcher> own;
  for (Matcher matcher : asked) {
    if (matcher.name == kTenantLabel) {
      TRY(compiled, storage::LabelMatcher::compile(matcher));
      if (!compiled.matches(tenant)) return std::optional<std::vector<Matcher>>();
      continue;
    }
    if (matcher.name == kOriginalTenantLabel) matcher.name = kTenantLabel;
    own.push_back(std::move(matcher));
  }
  return std::optional(std::move(own));
}

LabelSetRef with_tenant(const LabelSet& labels, std::string_view tenant) {
  std::vector<std::pair<std::string, std::string>> pairs{{std::string(kTenantLabel), std::string(tenant)}};
  for (const auto& [name, value] : labels) {
    pairs.emplace_back(name == kTenantLabel ? kOriginalTenantLabel : name, value);
  }
  return std::make_shared<const LabelSet>(LabelSet::from_pairs(std::move(pairs)));
}

// The scan of one tenant with a block read ahead, so that blocks of all tenants can be handed out in order of time.
struct TenantScan {
  std::string tenant;
  std::unique_ptr<Scan> scan;
  std::unique_ptr<ScanBlock> ahead;
  bool done = false;
  struct Known {
    LabelSetRef own, labelled;  // `own` keeps the address taken
  };
  std::unordered_map<const LabelSet*, Known> labels;

  Result<void> read_ahead() {
    while (!ahead && !done) {
      TRY(block, scan->next_block());
      ahead = std::move(block);
      if (!ahead) {
        done = true;
      } else if (ahead->count() == 0) {
        ahead.reset();
      }
    }
    return {};
  }

  std::unique_ptr<ScanBlock> take() {
    for (LabelSetRef& set : ahead->label_sets) {
      auto [known, fresh] = labels.try_emplace(set.get());
      if (fresh) known->second = {set, with_tenant(*set, tenant)};
      set = known->second.labelled;
    }
    return std::move(ahead);
  }

  // When the rows that are left begin (backward: end).
  TimeNs start(Direction direction) const {
    const bool forward = direction == Direction::kForward;
    std::optional<TimeNs> best;
    for (const ScanBlock::Run& run : ahead->runs) {
      if (run.begin == run.end) continue;
      const TimeNs time = ahead->times[forward ? run.begin : run.end - 1];
      best = !best ? time : forward ? std::min(*best, time) : std::max(*best, time);
    }
    return best.value_or(0);
  }
};

class JoinedScan final : public Scan {
 public:
  JoinedScan(std::vector<TenantScan> scans, const ScanRequest& request)
      : scans_(std::move(scans)),
        direction_(request.direction),
        columns_(request.columns),
        applied_(request.predicates.size(), true) {
    for (const TenantScan& part : scans_) {
      for (std::size_t i = 0; i < applied_.size(); ++i) applied_[i] = applied_[i] && part.scan->applied()[i];
    }
  }

  Result<std::optional<Batch>> next() override {
    TRY(block, next_block());
    if (!block) return std::optional<Batch>();
    TRY(batch, to_batch(*block, columns_));
    return std::optional(std::move(batch));
  }

  Result<std::unique_ptr<ScanBlock>> next_block() override {
    const std::lock_guard lock(mutex_);
    TenantScan* first = nullptr;
    for (TenantScan& part : scans_) {
      TRY_VOID(part.read_ahead());
      if (!part.ahead) continue;
      if (first == nullptr || before(part.start(direction_), first->start(direction_))) first = &part;
    }
    return first == nullptr ? nullptr : first->take();
  }

  void tighten(TimeNs bound) override {
    for (TenantScan& part : scans_) part.scan->tighten(bound);
  }
  const std::vector<bool>& applied() const override { return applied_; }
  ScanStats stats() const override {
    ScanStats sum;
    for (const TenantScan& part : scans_) add_to(sum, part.scan->stats());
    return sum;
  }

 private:
  bool before(TimeNs a, TimeNs b) const { return direction_ == Direction::kForward ? a < b : a > b; }

  std::vector<TenantScan> scans_;  // the list never changes; blocks read ahead and labels are guarded by mutex_
  const Direction direction_;
  const std::vector<std::string> columns_;
  std::vector<bool> applied_;
  std::mutex mutex_;
};

// One tenant after the other.
class JoinedSeriesScan final : public SeriesScan {
 public:
  struct Part {
    std::string tenant;
    std::unique_ptr<SeriesScan> scan;
  };
  explicit JoinedSeriesScan(std::vector<Part> parts) : parts_(std::move(parts)) {}

  Result<bool> next(SeriesSamples& out) override {
    for (std::size_t at; (at = current_) < parts_.size();) {
      TRY(found, parts_[at].scan->next(out));
      if (found) {
        out.labels = with_tenant(*out.labels, parts_[at].tenant);
        return true;
      }
      current_.compare_exchange_strong(at, at + 1);  // unless another thread has gone on already
    }
    return false;
  }
  std::size_t series() const override {
    std::size_t sum = 0;
    for (const Part& part : parts_) sum += part.scan->series();
    return sum;
  }
  std::uint64_t samples_max() const override {
    std::uint64_t sum = 0;
    for (const Part& part : parts_) sum += part.scan->samples_max();
    return sum;
  }
  ScanStats stats() const override {
    ScanStats sum;
    for (const Part& part : parts_) add_to(sum, part.scan->stats());
    return sum;
  }

 private:
  const std::vector<Part> parts_;
  std::atomic<std::size_t> current_{0};
};

// Calls ask(request of one tenant) for each tenant that the matchers leave.
template <class Request, class Ask>
Result<void> for_each_tenant(const Request& request, const Ask& ask) {
  for (const std::string& tenant : tenant_names(request.tenant)) {
    TRY(matchers, matchers_for(tenant, request.matchers));
    if (!matchers) continue;
    Request own = request;
    own.tenant = tenant;
    own.matchers = std::move(*matchers);
    TRY_VOID(ask(own));
  }
  return {};
}

std::vector<std::string> sorted(std::set<std::string> names) { return {names.begin(), names.end()}; }

}  // namespace

std::vector<std::string> tenant_names(std::string_view tenants) {
  std::set<std::string> names;
  for (;;) {
    const std::size_t bar = tenants.find('|');
    names.emplace(tenants.substr(0, bar));
    if (bar == std::string_view::npos) return sorted(std::move(names));
    tenants.remove_prefix(bar + 1);
  }
}

Result<std::unique_ptr<Scan>> JoinedTenants::scan(ScanRequest request) {
  if (!joined(request.tenant)) return store_.scan(std::move(request));
  std::vector<TenantScan> scans;
  TRY_VOID(for_each_tenant(request, [&](const ScanRequest& own) -> Result<void> {
    TRY(scan, store_.scan(own));
    TenantScan part;
    part.tenant = own.tenant;
    part.scan = std::move(scan);
    scans.push_back(std::move(part));
    return {};
  }));
  return std::unique_ptr<Scan>(std::make_unique<JoinedScan>(std::move(scans), request));
}

Result<std::unique_ptr<SeriesScan>> JoinedTenants::scan_series(ScanRequest request) {
  if (!joined(request.tenant)) return store_.scan_series(std::move(request));
  std::vector<JoinedSeriesScan::Part> parts;
  TRY_VOID(for_each_tenant(request, [&](const ScanRequest& own) -> Result<void> {
    TRY(scan, store_.scan_series(own));
    parts.push_back({own.tenant, std::move(scan)});
    return {};
  }));
  return std::unique_ptr<SeriesScan>(std::make_unique<JoinedSeriesScan>(std::move(parts)));
}

Result<std::vector<std::string>> JoinedTenants::label_names(const IndexRequest& request) {
  if (!joined(request.tenant)) return store_.label_names(request);
  std::set<std::string> names;
  TRY_VOID(for_each_tenant(request, [&](const IndexRequest& own) -> Result<void> {
    TRY(found, store_.label_names(own));
    for (std::string& name : found) names.insert(name == kTenantLabel ? std::string(kOriginalTenantLabel) : name);
    names.emplace(kTenantLabel);
    return {};
  }));
  return sorted(std::move(names));
}

Result<std::vector<std::string>> JoinedTenants::label_values(const IndexRequest& request, std::string_view name) {
  if (!joined(request.tenant)) return store_.label_values(request, name);
  std::set<std::string> values;
  TRY_VOID(for_each_tenant(request, [&](const IndexRequest& own) -> Result<void> {
    if (name == kTenantLabel) {
      values.insert(own.tenant);
      return {};
    }
    TRY(found, store_.label_values(own, name == kOriginalTenantLabel ? kTenantLabel : name));
    values.insert(found.begin(), found.end());
    return {};
  }));
  return sorted(std::move(values));
}

std::optional<std::uint64_t> JoinedTenants::version(std::string_view tenant, Signal signal, TimeRange range) const {
  return joined(tenant) ? std::nullopt : store_.version(tenant, signal, range);
}

Result<std::vector<SeriesInfo>> JoinedTenants::series(const IndexRequest& request) {
  if (!joined(request.tenant)) return store_.series(request);
  std::vector<SeriesInfo> all;
  TRY_VOID(for_each_tenant(request, [&](const IndexRequest& own) -> Result<void> {
    TRY(found, store_.series(own));
    for (SeriesInfo& info : found) {
      info.labels = with_tenant(*info.labels, own.tenant);
      all.push_back(std::move(info));
    }
    return {};
  }));
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return *a.labels < *b.labels; });
  return all;
}

}  // namespace trilobite
