// Label sets of a head table and their inverted index. One thread adds, any number look up.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "columnar/label_set.h"
#include "storage/postings.h"

namespace trilobite::storage {

class HeadIndex final : public Postings {
 public:
  // The number of the set, new if need be. Writer only.
  std::uint32_t intern(const LabelSetRef& set);
  // The next number for a set that is known to be new; intern() does not find it. Writer only.
  std::uint32_t add(const LabelSetRef& set);
  LabelSetRef label_set(std::uint32_t series) const;
  std::size_t bytes() const;  // memory, roughly

  std::uint32_t series() const override;
  void add(std::string_view name, std::string_view value, SeriesSet& out) const override;
  void add_if(std::string_view name, std::string_view from, std::string_view to, const Keep& keep,
              SeriesSet& out) const override;
  std::vector<std::string> names(const SeriesSet* within) const override;
  std::vector<std::string> values(std::string_view name, const SeriesSet* within) const override;

 private:
  struct Entry {
    std::string value;
    SeriesSet series;
  };
  struct Name {
    std::string name;
    std::deque<Entry> entries;  // stable addresses
    std::unordered_map<std::string_view, Entry*, TextHash, std::equal_to<>> by_value;
  };
  std::uint32_t add_locked(const LabelSetRef& set);
  const Name* find(std::string_view name) const;

  mutable std::shared_mutex mutex_;  // guards everything below
  std::vector<LabelSetRef> sets_;
  std::unordered_map<std::string_view, std::uint32_t, TextHash, std::equal_to<>> number_of_;  // keyed by bytes of sets_
  std::deque<Name> names_;
  std::unordered_map<std::string_view, Name*, TextHash, std::equal_to<>> by_name_;
  std::size_t bytes_ = 0;
};

}  // namespace trilobite::storage
