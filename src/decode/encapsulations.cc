// decode/encapsulations.cc - keys of encapsulations, and what they mean in words.
#include "decode/encapsulations.h"

#include <utility>

namespace wirelens {
namespace {

constexpr std::size_t width_of(std::uint8_t version) {
  return version == 6 ? 16 : version == 4 ? 4 : 0;
}

/// Absent for kinds whose id says nothing.
struct Name {
  std::string_view text;
  bool has_id;
};

Name name_of(Tunnel kind) {
  switch (kind) {
    case Tunnel::vlan:
      return {"vlan", true};
    case Tunnel::pppoe:
      return {"pppoe", true};
    case Tunnel::gre:
      return {"gre", false};
    case Tunnel::pptp:
      return {"pptp", false};
    case Tunnel::erspan:
      return {"erspan", true};
    case Tunnel::ipip:
      return {"ipip", false};
    case Tunnel::ip6_in_ip4:
      return {"6in4", false};
    case Tunnel::ip4_in_ip6:
      return {"4in6", false};
    case Tunnel::ip6_in_ip6:
      return {"6in6", false};
    case Tunnel::etherip:
      return {"etherip", false};
    case Tunnel::vxlan:
      return {"vxlan", true};
    case Tunnel::geneve:
      return {"geneve", true};
    case Tunnel::gtp:
      return {"gtp", false};
    case Tunnel::teredo:
      return {"teredo", false};
  }
  return {"", false};
}

/// Reads back what EncapsulationKey wrote.
Encapsulation describe(std::string_view key) {
  Encapsulation result;
  const auto* at = reinterpret_cast<const std::uint8_t*>(key.data());
  const auto* const end = at + key.size();
  while (at < end) {
    const auto kind = static_cast<Tunnel>(at[0]);
    const std::uint32_t id = load_be32(at + 1);
    at += 6 + 2 * width_of(at[5]);
    if (kind == Tunnel::vlan) {
      result.vlans.push_back(static_cast<std::uint16_t>(id));
      continue;
    }
    const Name name = name_of(kind);
    if (!result.tunnel.empty()) result.tunnel += '/';
    result.tunnel += name.text;
    if (!name.has_id) continue;
    result.tunnel += ':';
    result.tunnel += std::to_string(id);
  }
  return result;
}

}  // namespace

void EncapsulationKey::append(const void* from, std::size_t count) {
  std::memcpy(bytes_.data() + size_, from, count);
  size_ += count;
}

void EncapsulationKey::add_vlan(std::uint16_t id) {
  const std::uint8_t layer[6] = {
      static_cast<std::uint8_t>(Tunnel::vlan), 0, 0, static_cast<std::uint8_t>(id >> 8),
      static_cast<std::uint8_t>(id),           0};
  append(layer, sizeof layer);
}

void EncapsulationKey::add_tunnel(Tunnel kind, std::uint32_t id, std::uint8_t version,
                                  const std::uint8_t* source, const std::uint8_t* destination) {
  const std::uint8_t layer[6] = {
      static_cast<std::uint8_t>(kind),     static_cast<std::uint8_t>(id >> 24),
      static_cast<std::uint8_t>(id >> 16), static_cast<std::uint8_t>(id >> 8),
      static_cast<std::uint8_t>(id),       version};
  append(layer, sizeof layer);
  const std::size_t width = width_of(version);
  if (width == 0) return;
  if (std::memcmp(source, destination, width) > 0) std::swap(source, destination);
  append(source, width);
  append(destination, width);
}

std::size_t Encapsulations::TextHash::operator()(std::string_view text) const {
  return siphash13(key, as_bytes(text));
}

Encapsulations::Found Encapsulations::find(const EncapsulationKey& key) {
  if (key.empty()) return {};
  if (key.text() == last_key_) return {last_id_, false};
  const auto known = ids_.find(key.text());
  if (known != ids_.end()) {
    last_id_ = known->second;
  } else if (all_.size() < Decoder::kMaxEncapsulations) {
    last_id_ = static_cast<std::uint32_t>(all_.size());
    all_.push_back(describe(key.text()));
    ids_.emplace(key.text(), last_id_);
  } else {
    return {static_cast<std::uint32_t>(Decoder::kMaxEncapsulations - 1), true};
  }
  last_key_ = key.text();
  return {last_id_, false};
}

}  // namespace wirelens
