// A run of everything that writes (append, flush, merge, retention) with a ledger of what was acknowledged; for the
// tests that break the disk under it.
#pragma once

#include <set>

#include "storage/test_rows.h"

namespace trilobite::storage {

// What a store must hold after the run was broken off anywhere.
struct Ledger {
  std::vector<TestRow> acknowledged;
  std::vector<std::vector<TestRow>> uncertain;  // each batch is there as a whole or not at all
  std::vector<TestRow> expiring;                // acknowledged, but retention may have dropped them
};

class Workload {
 public:
  static constexpr TimeNs kOldTime = kTestTime - 86'400 * kNsPerSecond;

  explicit Workload(TestStore& test) : test_(test) {
    test_.options.retention_age_max = std::chrono::hours(12);
    test_.options.disk_free_bytes_min = 0;
    test_.options.reserve_bytes = 700;
  }

  // Stops at the first failure when `stop` says so; else goes on with the next step.
  enum class OnFailure : std::uint8_t { kStop, kGoOn };
  void run(OnFailure on_failure) {
    on_failure_ = on_failure;
    step([&] { return test_.open(); });
    for (int round = 0; round < 5 && !stopped_; ++round) {
      for (int i = 0; i < 3; ++i) append(make_rows(round * 10 + i, kTestTime));
      if (round == 1) append_old();
      if (round == 2) append(make_rows(3, kTestTime));  // rows that are in a part already: to be there once
      step([&] { return test_.store->flush(); });
    }
    for (int i = 0; i < 3; ++i) step([&]() -> Result<void> { TRY_VOID(test_.store->merge_once()); return {}; });
    append(make_rows(100, kTestTime + 3 * 3600 * kNsPerSecond));
    expiring_ = true;
    step([&] { return test_.store->enforce_retention(); });
    append(make_rows(101, kTestTime + 3 * 3600 * kNsPerSecond));
    step([&] { return test_.store->flush(); });
    append(make_rows(102, kTestTime));
  }

  Ledger ledger() const {
    Ledger out = ledger_;
    if (!expiring_) {
      out.acknowledged.insert(out.acknowledged.end(), out.expiring.begin(), out.expiring.end());
      out.expiring.clear();
    }
    return out;
  }
  const std::vector<Error>& failures() const { return failures_; }

  static std::vector<TestRow> make_rows(int number, TimeNs time) {
    std::vector<TestRow> out;
    for (int i = 0; i < 4; ++i) {
      const auto seed = static_cast<std::uint64_t>(number * 4 + i);
      // Long ones of their own, and some that a part stores split.
      const std::string text = i % 2 == 1 ? make_log_line(seed, time + number * kNsPerSecond + i)
                                          : "row " + std::to_string(number) + "." + std::to_string(i) +
                               std::string(static_cast<std::size_t>(number * 37 + i * 311) % 900, 'x');
      out.push_back({"app=a" + std::to_string(i % 2), time + number * kNsPerSecond + i, text,
                     i == 3 ? "m" + std::to_string(number) : ""});
    }
    return out;
  }

 private:
  template <class Step>
  bool step(const Step& run) {
    if (stopped_ || (!test_.store && !is_first_)) return false;
    is_first_ = false;
    auto outcome = run();
    if (outcome.ok()) return true;
    failures_.push_back(outcome.error());
    stopped_ = on_failure_ == OnFailure::kStop;
    return false;
  }

  void append(const std::vector<TestRow>& rows) {
    if (stopped_ || !test_.store) return;
    const bool repeated =
        std::includes(ledger_.acknowledged.begin(), ledger_.acknowledged.end(), rows.begin(), rows.end());
    if (step([&] { return test_.append(rows); })) {
      if (!repeated) ledger_.acknowledged.insert(ledger_.acknowledged.end(), rows.begin(), rows.end());
      std::sort(ledger_.acknowledged.begin(), ledger_.acknowledged.end());
    } else if (!repeated) {
      ledger_.uncertain.push_back(rows);
    }
  }

  void append_old() {
    const std::vector<TestRow> rows = make_rows(50, kOldTime);
    if (stopped_ || !test_.store) return;
    if (step([&] { return test_.append(rows); })) {
      ledger_.expiring = rows;
    } else {
      ledger_.uncertain.push_back(rows);
    }
  }

  TestStore& test_;
  OnFailure on_failure_ = OnFailure::kStop;
  bool stopped_ = false, expiring_ = false, is_first_ = true;
  Ledger ledger_;
  std::vector<Error> failures_;
};

// Every acknowledged row once, refused batches whole or not at all, nothing else.
inline void expect_ledger(const Ledger& ledger, std::vector<TestRow> rows, const std::string& where) {
  const auto take = [&](const TestRow& row) {
    const auto found = std::find(rows.begin(), rows.end(), row);
    if (found == rows.end()) return false;
    rows.erase(found);
    return true;
  };
  for (const TestRow& row : ledger.acknowledged) EXPECT_TRUE(take(row)) << where << ": lost " << row;
  std::size_t expired = 0;
  for (const TestRow& row : ledger.expiring) expired += take(row) ? 0 : 1;
  EXPECT_TRUE(expired == 0 || expired == ledger.expiring.size()) << where << ": a part was dropped by half";
  for (const std::vector<TestRow>& batch : ledger.uncertain) {
    std::size_t there = 0;
    for (const TestRow& row : batch) there += take(row) ? 1 : 0;
    EXPECT_TRUE(there == 0 || there == batch.size())
        << where << ": " << there << " of " << batch.size() << " rows of a refused batch, as " << batch[0];
  }
  for (const TestRow& row : rows) ADD_FAILURE() << where << ": twice or from nowhere: " << row;
}

}  // namespace trilobite::storage
