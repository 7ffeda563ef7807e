// decode/flow_key.h - who talks to whom, and in which network.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/hash.h"

namespace wirelens {

/// IPv6, or IPv4 in the first four bytes with the rest zero.
using AddressBytes = std::array<std::uint8_t, 16>;

/// Sixteen bytes that are stored and loaded in one piece: no load is handed what two smaller stores
/// have written just before, it waits for them.
using Sixteen [[gnu::vector_size(16)]] = std::uint32_t;

/// Sets the four bytes of an IPv4 header's address.
inline void set_ipv4(AddressBytes& address, const std::uint8_t* at) {
  Sixteen words{};
  std::memcpy(&words, at, sizeof words[0]);
  std::memcpy(address.data(), &words, sizeof words);
}

/// A conversation without regard to direction: the end with the smaller (address, port) is `low`.
/// Every byte is part of the identity (unused ones are zero), so keys compare as memory. The full
/// key is compared wherever a flow is looked up; a hash only says where to look.
struct FlowKey {
  AddressBytes low{};
  AddressBytes high{};
  std::uint16_t low_port = 0;
  std::uint16_t high_port = 0;
  std::uint32_t outer = 0;    ///< VLANs and tunnels around it: index into Decoder::encapsulation()
  std::uint8_t version = 4;   ///< 4 or 6
  std::uint8_t protocol = 0;  ///< IANA protocol number: 6 TCP, 17 UDP
  std::uint16_t reserved = 0;

  /// Sets what stands behind the addresses, in two stores.
  void set_rest(std::uint16_t low_one, std::uint16_t high_one, std::uint32_t around,
                std::uint8_t ip_version, std::uint8_t transport) {
    const std::uint64_t ports =
        std::uint64_t{around} << 32 | std::uint32_t{high_one} << 16 | low_one;
    const std::uint32_t kind = std::uint32_t{transport} << 8 | ip_version;
    auto* const at = reinterpret_cast<std::uint8_t*>(this);
    std::memcpy(at + kPortsAt, &ports, sizeof ports);
    std::memcpy(at + kKindAt, &kind, sizeof kind);
  }

  /// In the pieces in which decode() stores them; memcmp() is a call, and found flows are alike to
  /// the end.
  friend bool operator==(const FlowKey& a, const FlowKey& b) {
    const Pieces mine(a), theirs(b);
    const Sixteen addresses = (mine.low ^ theirs.low) | (mine.high ^ theirs.high);
    std::uint64_t halves[2];
    std::memcpy(halves, &addresses, sizeof halves);
    return (halves[0] | halves[1] | (mine.ports ^ theirs.ports) | (mine.kind ^ theirs.kind)) == 0;
  }

 private:
  static constexpr std::size_t kPortsAt = 32, kKindAt = 40;
  struct Pieces {
    explicit Pieces(const FlowKey& key) {
      const auto* const at = reinterpret_cast<const std::uint8_t*>(&key);
      std::memcpy(&low, at, sizeof low);
      std::memcpy(&high, at + sizeof low, sizeof high);
      std::memcpy(&ports, at + kPortsAt, sizeof ports);
      std::memcpy(&kind, at + kKindAt, sizeof kind);
    }
    Sixteen low, high;
    std::uint64_t ports;
    std::uint32_t kind;
  };
};
static_assert(offsetof(FlowKey, low_port) == 32 && offsetof(FlowKey, version) == 40);
static_assert(sizeof(FlowKey) == 44 && std::has_unique_object_representations_v<FlowKey>);

/// A keyed hash of all of the key; IPv4 has fewer words to hash.
inline std::uint64_t hash_of(const HashKey& secret, const FlowKey& key) {
  std::uint64_t words[5];
  std::memcpy(words, &key, sizeof words);
  const std::uint64_t last = (std::uint64_t{key.version} << 8) | key.protocol;
  if (key.version != 4) {
    return folded_words(secret, words[0], words[1], words[2], words[3], words[4], last);
  }
  const std::uint64_t addresses = (words[0] << 32) | (words[2] & 0xffff'ffff);
  return folded_words(secret, addresses, words[4], last);
}

/// RFC 5952 text for IPv6, dotted quad for IPv4, without memory of its own.
class AddressText {
 public:
  AddressText(const AddressBytes& address, std::uint8_t version);
  std::string_view text() const { return {letters_, size_}; }

 private:
  char letters_[48];  // 39 for eight full groups; 45 with an IPv4 address at the end
  std::size_t size_;
};
inline std::string address_text(const AddressBytes& address, std::uint8_t version) {
  return std::string(AddressText(address, version).text());
}

/// Community ID version 1, seed 0 ("1:" and base64 of SHA-1), of the innermost flow.
class CommunityId {
 public:
  explicit CommunityId(const FlowKey& key);
  std::string_view text() const { return {letters_, kLength}; }

 private:
  static constexpr std::size_t kLength = 30;
  char letters_[2 + 32];  // what is written with the last ones
};

}  // namespace wirelens
