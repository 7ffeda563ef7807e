// detect/evidence.h - what proves a finding: a few packets and connections, and how many there are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "event/event.h"

namespace wirelens::detect {

/// Keeps the first kShown packets and connections; counts all of them.
class Evidence {
 public:
  static constexpr std::size_t kShown = 20;
  /// Distinct connections are counted exactly up to here; beyond, one that comes back late may
  /// count again.
  static constexpr std::size_t kKnown = 4096;

  /// 0 is no packet.
  void packet(std::uint64_t number) {
    if (number == 0) return;
    ++packets_total_;
    if (packets_.size() < kShown) packets_.push_back(number);
  }
  void time(Timestamp time) {
    if (!first_ || time < *first_) first_ = time;
    if (!last_ || time > *last_) last_ = time;
  }
  void connection(std::optional<ConnectionId> id) {
    if (!id) return;
    const bool in_order = connections_.empty() || *id > connections_.back();  // as most are
    const auto place = in_order ? connections_.end()
                                : std::lower_bound(connections_.begin(), connections_.end(), *id);
    if (place != connections_.end() && *place == *id) return;
    if (connections_.size() < kKnown) {
      connections_.insert(place, *id);
    } else if (last_connection_ == *id) {
      return;
    }
    last_connection_ = *id;
    ++connections_total_;
  }
  void add(std::optional<ConnectionId> id, std::uint64_t number, Timestamp at) {
    connection(id);
    packet(number);
    time(at);
  }

  void add(const Evidence& other) {
    for (const std::uint64_t number : other.packets_) packet(number);
    packets_total_ += other.packets_total_ - other.packets_.size();
    for (const ConnectionId id : other.connections_) connection(id);
    connections_total_ += other.connections_total_ - other.connections_.size();
    if (other.first_) time(*other.first_);
    if (other.last_) time(*other.last_);
  }

  /// In order of number.
  std::vector<std::uint64_t> packets() const {
    std::vector<std::uint64_t> sorted = packets_;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    return sorted;
  }
  std::vector<ConnectionId> connections() const {
    return {connections_.begin(), connections_.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                             kShown, connections_.size()))};
  }
  std::uint64_t packets_total() const { return packets_total_; }
  std::uint64_t connections_total() const { return connections_total_; }
  std::optional<Timestamp> first() const { return first_; }
  std::optional<Timestamp> last() const { return last_; }
  Duration span() const { return first_ ? *last_ - *first_ : Duration::zero(); }

 private:
  std::vector<std::uint64_t> packets_;
  std::vector<ConnectionId> connections_;  // sorted
  std::optional<ConnectionId> last_connection_;
  std::uint64_t packets_total_ = 0;
  std::uint64_t connections_total_ = 0;
  std::optional<Timestamp> first_;
  std::optional<Timestamp> last_;
};

}  // namespace wirelens::detect
