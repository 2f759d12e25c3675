// Split lines made by hand, for tests of what reads them: a slot is given its kind and the texts of its values.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "columnar/lines.h"

namespace trilobite::columnar {

class FakeTemplates;

class FakeSlot final : public Slot {
 public:
  // REQUIRES: `texts` are texts of this kind (all the same for kConstant, all as long for kHex, and so on); not
  // kTemplates. kTime has no integers here.
  FakeSlot(SlotKind kind, std::vector<std::string> texts) : kind_(kind), texts_(std::move(texts)) {
    bytes_.fill(0);
    for (const std::string& text : texts_) {
      for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        bytes_[byte >> 6] |= std::uint64_t{1} << (byte & 63);
      }
      add(text);
    }
    if (integers_.empty()) return;
    const auto [min, max] = std::minmax_element(integers_.begin(), integers_.end());
    bounds_ = {*min, *max};
  }
  explicit FakeSlot(std::unique_ptr<Templates> nested) : kind_(SlotKind::kTemplates), nested_(std::move(nested)) {
    bytes_.fill(~std::uint64_t{0});
  }

  void set_digits(unsigned digits) { digits_ = digits; }
  void forget_bytes() { bytes_.fill(~std::uint64_t{0}); }

  SlotKind kind() const override { return kind_; }
  std::size_t size() const override { return nested_ ? nested_->rows() : texts_.size(); }
  std::string_view constant() const override { return texts_.at(0); }
  Result<const DictionaryColumn*> dictionary() const override { return &dictionary_; }
  Result<std::span<const std::int64_t>> integers() const override {
    CHECK(kind_ != SlotKind::kTime);
    return std::span<const std::int64_t>(integers_);
  }
  Result<std::string_view> ids() const override { return std::string_view(ids_); }
  Result<const StringColumn*> text() const override { return &text_; }
  Result<const Templates*> templates() const override { return nested_.get(); }
  unsigned scale() const override { return scale_; }
  unsigned digits() const override { return digits_; }
  unsigned width() const override { return width_; }
  bool upper_case() const override { return upper_case_; }
  Bounds bounds() const override { return bounds_; }
  const std::array<std::uint64_t, 4>& bytes_possible() const override { return bytes_; }
  Result<bool> may_have(std::string_view id) const override {
    for (std::size_t at = 0; at < ids_.size(); at += width_) {
      if (std::string_view(ids_).substr(at, width_) == id) return true;
    }
    return static_cast<unsigned char>(id[0]) % 8 == 0;  // sometimes wrongly
  }
  Result<void> append(std::size_t position, std::string& out) const override {
    if (nested_) return nested_->append(position, out);
    out += texts_.at(position);
    return {};
  }

 private:
  void add(const std::string& text) {
    switch (kind_) {
      case SlotKind::kDictionary: {
        const auto [at, fresh] = codes_.try_emplace(text, static_cast<std::uint32_t>(codes_.size()));
        if (fresh) dictionary_.dictionary.push_back(text);
        dictionary_.codes.push_back(at->second);
        break;
      }
      case SlotKind::kInteger: integers_.push_back(std::stoll(text)); break;
      case SlotKind::kDecimal: {
        const std::size_t point = text.find('.');
        scale_ = static_cast<unsigned>(text.size() - point - 1);
        integers_.push_back(std::stoll(text.substr(0, point) + text.substr(point + 1)));
        break;
      }
      case SlotKind::kIpv4: {
        std::int64_t address = 0, part = 0;
        for (const char c : text + ".") {
          if (c == '.') {
            address = address << 8 | part;
            part = 0;
          } else {
            part = part * 10 + (c - '0');
          }
        }
        integers_.push_back(address);
        break;
      }
      case SlotKind::kHex:
      case SlotKind::kUuid: add_id(text); break;
      case SlotKind::kText: text_.push_back(text); break;
      default: break;
    }
  }
  void add_id(const std::string& text) {
    std::string digits;
    for (const char c : text) {
      if (c >= 'A' && c <= 'F') upper_case_ = true;
      if (c != '-') digits += c;
    }
    width_ = static_cast<unsigned>(digits.size() / 2);
    for (std::size_t i = 0; i < digits.size(); i += 2)
      ids_ += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }

  SlotKind kind_;
  std::vector<std::string> texts_;
  std::unique_ptr<Templates> nested_;
  std::map<std::string, std::uint32_t> codes_;
  DictionaryColumn dictionary_;
  StringColumn text_;
  std::vector<std::int64_t> integers_;
  std::string ids_;
  unsigned scale_ = 0, digits_ = 0, width_ = 0;
  bool upper_case_ = false;
  Bounds bounds_;
  std::array<std::uint64_t, 4> bytes_{};
};

class FakeTemplates final : public Templates {
 public:
  // `codes`: which template each row has; template t is in as many rows as its slots have values.
  FakeTemplates(std::vector<Template> templates, std::vector<std::uint16_t> codes)
      : templates_(std::move(templates)), codes_(std::move(codes)), rows_of_(templates_.size()) {
    for (std::uint32_t row = 0; row < codes_.size(); ++row) {
      positions_.push_back(static_cast<std::uint32_t>(rows_of_[codes_[row]].size()));
      rows_of_[codes_[row]].push_back(row);
    }
    for (std::size_t t = 0; t < templates_.size(); ++t)
      templates_[t].rows = static_cast<std::uint32_t>(rows_of_[t].size());
  }

  std::size_t rows() const override { return codes_.size(); }
  std::span<const Template> templates() const override { return templates_; }
  Result<std::span<const std::uint16_t>> codes() const override { return std::span<const std::uint16_t>(codes_); }
  Result<std::span<const std::uint32_t>> positions() const override {
    return std::span<const std::uint32_t>(positions_);
  }
  Result<std::span<const std::uint32_t>> rows_of(std::size_t index) const override {
    return std::span<const std::uint32_t>(rows_of_.at(index));
  }
  Result<void> append(std::size_t row, std::string& out) const override {
    const Template& line = templates_[codes_.at(row)];
    out += line.pieces[0];
    for (std::size_t slot = 0; slot < line.slots.size(); ++slot) {
      TRY_VOID(line.slots[slot]->append(positions_[row], out));
      out += line.pieces[slot + 1];
    }
    return {};
  }
  Result<StringColumn> all() const override {
    StringColumn out;
    for (std::size_t row = 0; row < rows(); ++row) {
      TRY_VOID(append(row, out.bytes));
      out.ends.push_back(static_cast<std::uint32_t>(out.bytes.size()));
    }
    return out;
  }

 private:
  std::vector<Template> templates_;
  std::vector<std::uint16_t> codes_;
  std::vector<std::uint32_t> positions_;
  std::vector<std::vector<std::uint32_t>> rows_of_;
};

}  // namespace trilobite::columnar
