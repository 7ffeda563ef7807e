// decode/senders.h - tells a damaged packet from one whose checksum a network card had yet to fill
// in.
#pragma once

#include <array>
#include <cstdint>

#include "decode/flow_key.h"

namespace wirelens {

/// Remembers of each sender (address on an interface) whether a right checksum was ever seen. One
/// who never sends a right one is captured where checksums aren't there yet (offload), or was
/// rewritten by a tool: wrong sums say nothing there. Bounded: kSenders places, a newcomer takes an
/// old one's place. Depends on the packets alone; its hash is not secret, since the worst that a
/// collision does is to forget a sender.
class Senders {
 public:
  static constexpr std::size_t kSenders = 8192;
  /// Wrong checksums, none right, that make a sender an offloaded one in the counts.
  static constexpr std::uint16_t kEnough = 4;

  enum class Finding : std::uint8_t {
    damaged,    ///< a sender known for right checksums
    unknown,    ///< no right one seen, few wrong ones
    offloaded,  ///< no right one seen, kEnough wrong ones or more
  };

  /// A blind store: most packets come here, and what was there says nothing that still matters.
  void right(const AddressBytes& address, std::uint32_t interface) {
    const Place place = place_of(address, interface);
    entries_[place.index] = {place.tag, 0, true};
  }
  Finding wrong(const AddressBytes& address, std::uint32_t interface) {
    Entry& entry = find(address, interface);
    if (entry.right) return Finding::damaged;
    if (entry.wrong < 0xffff) ++entry.wrong;
    return entry.wrong < kEnough ? Finding::unknown : Finding::offloaded;
  }
  /// Wrong ones counted of this sender, none right.
  std::uint16_t wrong_of(const AddressBytes& address, std::uint32_t interface) {
    return find(address, interface).wrong;
  }

 private:
  struct Entry {
    std::uint32_t tag = 0;
    std::uint16_t wrong = 0;
    bool right = false;
  };

  struct Place {
    std::size_t index;
    std::uint32_t tag;
  };

  static Place place_of(const AddressBytes& address, std::uint32_t interface) {
    std::uint64_t hash = load_le64(address.data()) * 0x9e3779b97f4a7c15;
    hash = (hash ^ (hash >> 32) ^ load_le64(address.data() + 8) ^ interface) * 0xd6e8feb86659fd93;
    hash ^= hash >> 32;
    return {hash % kSenders, static_cast<std::uint32_t>(hash >> 32) | 1};
  }
  Entry& find(const AddressBytes& address, std::uint32_t interface) {
    const Place place = place_of(address, interface);
    Entry& entry = entries_[place.index];
    if (entry.tag != place.tag) entry = {place.tag, 0, false};
    return entry;
  }

  std::array<Entry, kSenders> entries_{};
};

}  // namespace wirelens
