// bench/frame.h - writes Ethernet frames with IPv4 or IPv6 and TCP or UDP, checksums included.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace wirelens::bench {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

/// Which end sends; also the index of everything that is kept per direction.
enum class From : std::uint8_t { client = 0, server = 1 };
constexpr From other(From from) {
  return from == From::client ? From::server : From::client;
}
constexpr std::size_t index(From from) {
  return static_cast<std::size_t>(from);
}

/// An IP address; IPv4 uses the first four bytes.
using Address = std::array<std::uint8_t, 16>;
Address ipv4(std::uint32_t value);
/// 2001:db8::/32 followed by `value`.
Address ipv6(std::uint64_t value);

/// The two ends of a flow, by index(From).
struct Endpoints {
  std::array<Address, 2> address{};
  std::array<std::uint16_t, 2> port{};
  bool v6 = false;
  std::optional<std::uint16_t> vlan;
};

/// TCP flag bits, RFC 9293 section 3.1.
inline constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16;

struct Timestamps {
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
};

/// The fields of a TCP header that vary. A SYN also carries MSS 1460 (1440 on IPv6), SACK permitted
/// and window scale 7 when it carries timestamps, and no option otherwise.
struct TcpFields {
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint8_t flags = 0;
  std::uint16_t window = 65535;
  std::optional<Timestamps> timestamps;
};

/// Reuses one buffer: a returned view lives until the next call.
class FrameBuilder {
 public:
  /// Frames shorter than this get zero bytes as Ethernet padding.
  explicit FrameBuilder(std::size_t shortest = 0) : shortest_(shortest) { frame_.reserve(70'000); }

  View tcp(const Endpoints& ends, From from, std::uint16_t ip_id, const TcpFields& fields,
           View payload);
  View udp(const Endpoints& ends, From from, std::uint16_t ip_id, View payload);

  /// A fragment of an IPv4 UDP datagram: `offset` in bytes (a multiple of 8), `more` to follow. The
  /// payload is what lies behind the IP header.
  View ipv4_fragment(const Endpoints& ends, From from, std::uint16_t ip_id, std::uint16_t offset,
                     bool more, View payload);

 private:
  void link(const Endpoints& ends, From from);
  void network(const Endpoints& ends, From from, std::uint8_t protocol, std::uint16_t ip_id,
               std::uint16_t fragment, std::size_t payload_size);
  void transport_checksum(std::uint8_t protocol, bool v6, std::size_t start, std::size_t field);
  View padded();

  void u8(std::uint8_t value) { frame_.push_back(value); }
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void bytes(View view) { frame_.insert(frame_.end(), view.begin(), view.end()); }

  std::size_t shortest_;
  std::size_t addresses_ = 0;  // where the IP addresses of the current frame begin
  Bytes frame_;
};

/// RFC 1071: the ones' complement sum of `view` added to `sum`, not folded, in native byte order.
std::uint64_t add_words(std::uint64_t sum, View view);
/// Folds a sum of add_words() into the checksum, in native byte order.
std::uint16_t fold(std::uint64_t sum);

}  // namespace wirelens::bench
