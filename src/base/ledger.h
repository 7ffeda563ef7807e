// base/ledger.h - what every class of state costs, and where it stops.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>

namespace wirelens {

/// What memory is spent on. Each class has a cap of its own below the common one.
enum class Charge : std::uint8_t {
  half_open,   ///< bare SYNs
  flows,       ///< flow records and the table that finds them
  reassembly,  ///< TCP segments that wait for a hole to fill
  analysis,    ///< what TCP analysis keeps beside the flow record
  dissectors,  ///< dissector state and coroutine frames
  carry,       ///< split tokens and content being decoded
  fragments,   ///< IP datagrams not yet whole
};
inline constexpr std::size_t kCharges = 7;
std::string_view name_of(Charge charge);

/// One shard's memory account. Charging never fails the program: the one who charges gives way, and
/// what was refused is counted and told. Not thread-safe: a shard belongs to one worker.
class Ledger {
 public:
  /// `limit` bytes for all classes together.
  explicit Ledger(std::size_t limit);

  /// Caps one class; without it a class may take the whole limit.
  void cap(Charge charge, std::size_t bytes) { caps_[index(charge)] = bytes; }

  /// Takes `bytes` if class and limit allow; otherwise counts a refusal and returns false.
  [[nodiscard]] bool take(Charge charge, std::size_t bytes) {
    std::size_t& used = used_[index(charge)];
    if (used + bytes > caps_[index(charge)] || total_ + bytes > limit_) {
      ++refused_[index(charge)];
      return false;
    }
    used += bytes;
    total_ += bytes;
    if (total_ > peak_) peak_ = total_;
    return true;
  }
  /// Takes `bytes` even past the limit: for small things that cannot be refused (a coroutine frame
  /// half way through a message). The owner makes room at its next chance (see pressed()).
  void force(Charge charge, std::size_t bytes) {
    used_[index(charge)] += bytes;
    total_ += bytes;
    if (total_ > peak_) peak_ = total_;
  }
  void give(Charge charge, std::size_t bytes) {
    used_[index(charge)] -= bytes;
    total_ -= bytes;
  }

  /// Past nine tenths of the limit: time to evict before something is refused.
  bool pressed() const { return total_ > limit_ - limit_ / 10; }
  std::size_t used(Charge charge) const { return used_[index(charge)]; }
  std::size_t total() const { return total_; }
  std::size_t peak() const { return peak_; }
  std::size_t limit() const { return limit_; }
  std::uint64_t refused(Charge charge) const { return refused_[index(charge)]; }

 private:
  static constexpr std::size_t index(Charge charge) { return static_cast<std::size_t>(charge); }

  std::size_t limit_;
  std::size_t total_ = 0;
  std::size_t peak_ = 0;
  std::array<std::size_t, kCharges> used_{};
  std::array<std::size_t, kCharges> caps_{};
  std::array<std::uint64_t, kCharges> refused_{};
};

/// A memory resource that books what it hands out. It cannot refuse (see Ledger::force), so its
/// users bound themselves and ask pressed().
class ChargedResource final : public std::pmr::memory_resource {
 public:
  ChargedResource(Ledger& ledger, Charge charge, std::pmr::memory_resource& upstream)
      : ledger_(ledger), charge_(charge), upstream_(upstream) {}

  Ledger& ledger() const { return ledger_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    ledger_.force(charge_, bytes);
    return upstream_.allocate(bytes, alignment);
  }
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
    ledger_.give(charge_, bytes);
    upstream_.deallocate(at, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  Ledger& ledger_;
  Charge charge_;
  std::pmr::memory_resource& upstream_;
};

}  // namespace wirelens
