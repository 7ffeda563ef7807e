// decode/transport.cc - TCP (RFC 9293 section 3.1) and UDP (RFC 768) headers, checksums, flow keys.
#include "base/work.h"
#include "decode/checksum.h"
#include "decode/walk.h"

namespace wirelens {
namespace {

constexpr std::uint8_t kUdpNumber = 17;

enum : std::uint8_t {
  kEnd = 0,
  kNop = 1,
  kMss = 2,
  kWindowScale = 3,
  kSackPermitted = 4,
  kSack = 5,
  kTimestamps = 8,
  kMd5 = 19,
  kAuthenticationOption = 29,
  kMultipath = 30,
  kFastOpen = 34,
  kExperiment1 = 253,
  kExperiment2 = 254,
};
constexpr std::uint16_t kFastOpenExperiment = 0xf989;  // RFC 7413 appendix B

void read_sack(const std::uint8_t* option, std::uint8_t size, TcpOptions& out) {
  out.sack_blocks = static_cast<std::uint8_t>((size - 2) / 8);
  for (std::uint8_t i = 0; i < out.sack_blocks; ++i) {
    const std::uint8_t* const block = option + 2 + 8 * i;
    out.sack[i] = {load_be32(block), load_be32(block + 4)};
  }
}

/// One option of `size` bytes, all there. False: its size is wrong for its kind.
bool read_option(const std::uint8_t* option, std::uint8_t size, TcpOptions& out) {
  switch (option[0]) {
    case kMss:
      if (size != 4) return false;
      out.mss = load_be16(option + 2);
      return true;
    case kWindowScale:
      if (size != 3) return false;
      out.window_scale = option[2];
      return out.has_window_scale = true;
    case kSackPermitted:
      out.sack_permitted = size == 2;
      return size == 2;
    case kSack:
      if (size < 10 || size > 34 || (size - 2) % 8 != 0) return false;
      read_sack(option, size, out);
      return true;
    case kTimestamps:
      if (size != 10) return false;
      out.timestamp_value = load_be32(option + 2);
      out.timestamp_echo = load_be32(option + 6);
      return out.has_timestamp = true;
    case kMd5:
      return out.md5 = size == 18;
    case kAuthenticationOption:
      return out.authenticated = size >= 4;
    case kMultipath:
      return out.multipath = size >= 3;
    case kFastOpen:
      out.fast_open_cookie = static_cast<std::uint8_t>(size - 2);
      return out.fast_open = true;
    case kExperiment1:
    case kExperiment2:
      if (size < 4 || load_be16(option + 2) != kFastOpenExperiment) return true;
      out.fast_open_cookie = static_cast<std::uint8_t>(size - 4);
      return out.fast_open = true;
    default:
      return true;
  }
}

/// `wanted` bytes of options, of which `captured` are there. False: the list is malformed.
bool read_options(const std::uint8_t* at, std::uint32_t captured, std::uint32_t wanted,
                  TcpOptions& out) {
  bool sound = true;
  for (std::uint32_t i = 0; i < captured && at[i] != kEnd;) {
    work();
    if (at[i] == kNop) {
      ++i;
      continue;
    }
    if (i + 1 >= captured) return sound && captured < wanted;
    const std::uint8_t size = at[i + 1];
    if (size < 2 || i + size > wanted) return false;
    if (i + size > captured) return sound;
    if (!read_option(at + i, size, out)) sound = false;
    i += size;
  }
  return sound;
}

}  // namespace

Verdict Walk::tcp(Layer body) {
  return tcp_inline(body);
}

void Walk::tcp_options(const std::uint8_t* at, std::uint32_t captured, std::uint32_t wanted) {
  if (!read_options(at, captured, wanted, out_.tcp.options)) note(flaws::kTcpOptions);
}

Verdict Walk::udp(Layer body) {
  if (!has(body, 8, flaws::kUdpLength)) return Verdict::flawed;
  const std::uint8_t* const at = body.at;
  const std::uint16_t source_port = load_be16(at), destination_port = load_be16(at + 2);
  const std::uint32_t length = load_be16(at + 4);
  if (length > body.length) {
    note(flaws::kUdpTooLong);
    header_wrong_ = true;
  } else if (length >= 8) {
    body = body.cut(length);
  } else if (length != 0) {  // 0: a jumbogram, or segmentation offload
    return flawed(flaws::kUdpLength);
  }
  if (is_udp_tunnel(source_port, destination_port)) [[unlikely]] {
    Verdict verdict;
    if (udp_tunnel(source_port, destination_port, body.after(8), verdict)) return verdict;
  }
  key(kUdpNumber, source_port, destination_port);
  out_.transport = Transport::udp;
  out_.payload = {at + 8, body.captured - 8};
  out_.payload_length = body.length - 8;
  const std::uint16_t stored = load_le16(at + 6);
  out_.checksum = stored == 0 ? Checksum::unverified : verify(kUdpNumber, stored, body);
  return Verdict::flow;
}

Verdict Walk::portless(Transport transport, std::uint8_t protocol, Layer body) {
  key(protocol, 0, 0);
  out_.transport = transport;
  out_.payload = {body.at, body.captured};
  out_.payload_length = body.length;
  return Verdict::other;
}

/// A card that computes checksums is handed the pseudo header's sum, with the length or (for
/// segmentation, on some systems) without it. So captured at the sender, or merged by receive
/// offload.
Checksum Walk::judge_wrong(std::uint16_t stored, std::uint64_t pseudo, std::uint32_t length) {
  if (stored == fold_sum(pseudo + sum_term(length)) || stored == fold_sum(pseudo)) {
    return Checksum::unverified;
  }
  return judge_wrong();
}

Checksum Walk::judge_wrong() {
  const AddressBytes& sender = out_.source();
  ++shop_.counts.bad_checksums;
  switch (shop_.senders.wrong(sender, packet_.interface)) {
    case Senders::Finding::damaged:
      return Checksum::bad;
    case Senders::Finding::unknown:
      return Checksum::unverified;
    case Senders::Finding::offloaded:
      break;
  }
  // Whoever is found out takes back what was counted against it.
  if (shop_.senders.wrong_of(sender, packet_.interface) == Senders::kEnough) {
    ++shop_.counts.offloaded_senders;
    shop_.counts.bad_checksums -= Senders::kEnough - 1;
  }
  --shop_.counts.bad_checksums;
  return Checksum::unverified;
}

}  // namespace wirelens
