// decode/encapsulations.h - numbers for the VLANs and tunnels that flows live in.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "decode/decode.h"

namespace wirelens {

enum class Tunnel : std::uint8_t {
  vlan = 1,  ///< not a tunnel, but a layer like one
  pppoe,
  gre,
  pptp,
  erspan,
  ipip,
  ip6_in_ip4,
  ip4_in_ip6,
  ip6_in_ip6,
  etherip,
  vxlan,
  geneve,
  gtp,
  teredo,
};

/// The layers around a packet as bytes that compare: the same for both directions of a flow. What
/// may differ between the directions is left out (GRE keys, GTP's TEIDs, PPTP's call ids, MPLS
/// labels, priority tags), and the outer addresses are an unordered pair.
class EncapsulationKey {
 public:
  static constexpr std::size_t kMaxLayers = 16;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  /// Back to an earlier size().
  void shrink(std::size_t size) { size_ = size; }
  void clear() { size_ = 0; }
  std::string_view text() const { return {bytes_.data(), size_}; }

  void add_vlan(std::uint16_t id);
  /// `version` 0: the outer addresses don't matter.
  void add_tunnel(Tunnel kind, std::uint32_t id, std::uint8_t version, const std::uint8_t* source,
                  const std::uint8_t* destination);

 private:
  static constexpr std::size_t kLayerBytes = 1 + 4 + 1 + 32;

  void append(const void* from, std::size_t count);

  std::size_t size_ = 0;
  std::array<char, kMaxLayers * kLayerBytes> bytes_;
};

/// Interns keys in the order in which they are first seen. At most Decoder::kMaxEncapsulations.
class Encapsulations {
 public:
  Encapsulations() : all_(1) {}

  struct Found {
    std::uint32_t id = 0;
    bool full = false;  ///< it shares the last number with others
  };
  Found find(const EncapsulationKey& key);
  const Encapsulation& operator[](std::uint32_t id) const { return all_[id]; }
  std::size_t size() const { return all_.size(); }

 private:
  struct TextHash {
    using is_transparent = void;
    TextHash() : key(HashKey::random()) {}
    std::size_t operator()(std::string_view text) const;
    HashKey key;
  };

  std::vector<Encapsulation> all_;
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> ids_;
  std::string last_key_;  // packets come in trains
  std::uint32_t last_id_ = 0;
};

}  // namespace wirelens
