// decode/transport.cc - TCP (RFC 9293 section 3.1) and UDP (RFC 768) headers, checksums, flow keys.
#include "base/work.h"
#include "decode/checksum.h"
#include "decode/walk.h"

namespace wirelens {
namespace {

constexpr std::uint8_t kTcpNumber = 6, kUdpNumber = 17;

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

void Walk::key(std::uint8_t protocol, std::uint16_t source_port, std::uint16_t destination_port) {
  FlowKey& key = out_.key;
  key.version = version_;
  key.protocol = protocol;
  key.reserved = 0;
  key.outer = outer();
  // Which end sends is a coin toss that no branch predictor wins, hence the indexing.
  const std::uint8_t* const ends[2] = {source_, destination_};
  const std::uint16_t ports[2] = {source_port, destination_port};
  std::size_t low;
  if (version_ == 4) {
    const std::uint64_t source = std::uint64_t{load_be32(source_)} << 16 | source_port;
    const std::uint64_t destination =
        std::uint64_t{load_be32(destination_)} << 16 | destination_port;
    low = source > destination;
    key.low = {};
    key.high = {};
    std::memcpy(key.low.data(), ends[low], 4);
    std::memcpy(key.high.data(), ends[1 - low], 4);
  } else {
    const int order = std::memcmp(source_, destination_, 16);
    low = order > 0 || (order == 0 && source_port > destination_port);
    std::memcpy(key.low.data(), ends[low], 16);
    std::memcpy(key.high.data(), ends[1 - low], 16);
  }
  key.low_port = ports[low];
  key.high_port = ports[1 - low];
  out_.from_high = low == 1;
}

Verdict Walk::tcp(Layer body) {
  if (!has(body, 20, flaws::kTcpHeader)) return Verdict::flawed;
  const std::uint8_t* const at = body.at;
  const std::uint32_t header = (at[12] >> 4) * 4u;
  if (header < 20 || header > body.length) return flawed(flaws::kTcpHeader);
  key(kTcpNumber, load_be16(at), load_be16(at + 2));
  out_.transport = Transport::tcp;
  TcpHeader& tcp = out_.tcp;
  tcp.sequence = load_be32(at + 4);
  tcp.acknowledgment = load_be32(at + 8);
  tcp.flags = at[13];
  tcp.window = load_be16(at + 14);
  tcp.urgent = load_be16(at + 18);
  tcp.options = {};
  const std::uint32_t there = header < body.captured ? header : body.captured;
  if (there == 32 && load_be32(at + 20) == 0x0101080a) [[likely]] {  // NOP NOP timestamps
    tcp.options.timestamp_value = load_be32(at + 24);
    tcp.options.timestamp_echo = load_be32(at + 28);
    tcp.options.has_timestamp = true;
  } else if (there > 20 && !read_options(at + 20, there - 20, header - 20, tcp.options)) {
    note(flaws::kTcpOptions);
  }
  out_.payload = {at + there, body.captured - there};
  out_.payload_length = body.length - header;
  out_.checksum = verify(kTcpNumber, load_le16(at + 16), body);
  return Verdict::flow;
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

/// `stored` is the checksum field in the machine's byte order, `whole` header and payload.
Checksum Walk::verify(std::uint8_t protocol, std::uint16_t stored, Layer whole) {
  if (!shop_.options.verify_checksums) return Checksum::unverified;
  if (header_wrong_) return judge(false);
  if (whole.captured < whole.length || routed_) return Checksum::unverified;
  const std::uint64_t addresses = version_ == 4
                                      ? std::uint64_t{load_le32(source_)} + load_le32(destination_)
                                      : sum_of(source_, 16) + sum_of(destination_, 16);
  const std::uint64_t pseudo = addresses + sum_term(protocol);
  const std::uint64_t with_length = pseudo + sum_term(whole.length);
  if (fold_sum(with_length + sum_of(whole.at, whole.captured)) == 0xffff) [[likely]] {
    return judge(true);
  }
  // A card that computes checksums is handed the pseudo header's sum, with the length or (for
  // segmentation, on some systems) without it. So captured at the sender, or merged by receive
  // offload.
  if (stored == fold_sum(with_length) || stored == fold_sum(pseudo)) return Checksum::unverified;
  return judge(false);
}

Checksum Walk::judge(bool right) {
  const AddressBytes& sender = out_.source();
  if (right) {
    shop_.senders.right(sender, packet_.interface);
    return Checksum::good;
  }
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
