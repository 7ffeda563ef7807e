// capture/pcap_format.cc - the pcap format: a file header, then records.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "capture/format.h"

namespace wirelens {
namespace {

constexpr std::size_t kFileHeader = 24;

struct Variant {
  std::size_t record_header;
  std::uint32_t tick;  ///< nanoseconds
};

std::optional<Variant> variant_of(std::uint32_t magic) {
  switch (magic) {
    case 0xa1b2c3d4:
      return Variant{16, 1000};
    case 0xa1b23c4d:
      return Variant{16, 1};
    case 0xa1b2cd34:  // the modified variant: interface, protocol, packet type behind the lengths
      return Variant{24, 1000};
    default:
      return std::nullopt;
  }
}

class PcapFormat final : public Format {
 public:
  PcapFormat(Variant variant, ByteOrder order, Bytes head)
      : variant_(variant), order_(order), lengths_may_swap_(order.u16(head.data() + 6) < 4) {
    const std::uint32_t snaplen = order.u32(head.data() + 16);
    Interface interface;
    interface.linktype = order.u16(head.data() + (order.big ? 22 : 20));  // above: FCS length
    if (snaplen != 0) interface.snaplen = snaplen;
    interfaces_.push_back(std::move(interface));
  }

  Parsed parse(Bytes stretch, std::span<Packet> packets) override;
  std::string unfinished() const override { return fmt::format("packet {}", packets_ + 1); }

 private:
  template <bool kBig>
  Parsed parse_records(Bytes stretch, std::span<Packet> packets);

  Variant variant_;
  ByteOrder order_;
  bool lengths_may_swap_;  ///< before version 2.4 either length may come first
  bool header_passed_ = false;
};

Parsed PcapFormat::parse(Bytes stretch, std::span<Packet> packets) {
  if (!std::exchange(header_passed_, true)) {
    Parsed rest = parse(stretch.subspan(kFileHeader), packets);
    rest.consumed += kFileHeader;
    return rest;
  }
  return order_.big ? parse_records<true>(stretch, packets)
                    : parse_records<false>(stretch, packets);
}

template <bool kBig>
Parsed PcapFormat::parse_records(Bytes stretch, std::span<Packet> packets) {
  constexpr ByteOrder order{kBig};
  const std::size_t header = variant_.record_header;
  const std::int64_t tick = variant_.tick;
  const std::uint8_t* at = stretch.data();
  const std::uint8_t* const end = at + stretch.size();
  Parsed progress;
  while (progress.need == 0) {
    const auto left = static_cast<std::size_t>(end - at);
    if (left < header) {
      progress.need = header;
      break;
    }
    std::uint32_t captured = order.u32(at + 8);
    std::uint32_t original = order.u32(at + 12);
    if (lengths_may_swap_ && captured > original) std::swap(captured, original);
    if (captured > kMaxCaptured) {
      progress.damage = fmt::format("packet {} claims {} captured bytes", packets_ + 1, captured);
      break;
    }
    if (left < header + captured) {
      progress.need = header + captured;
      break;
    }
    if (progress.packets == packets.size()) break;
    Packet& packet = packets[progress.packets++];
    stamp(packet, timestamp_ns(std::int64_t{order.u32(at)} * 1'000'000'000 +
                               std::int64_t{order.u32(at + 4)} * tick));
    packet.bytes = {at + header, captured};
    packet.original_length = std::max(captured, original);
    packet.interface = 0;
    at += header + captured;
  }
  progress.consumed = static_cast<std::size_t>(at - stretch.data());
  return progress;
}

}  // namespace

Result<std::unique_ptr<Format>> pcap_format(Bytes head) {
  ByteOrder order{false};
  auto variant = variant_of(order.u32(head.data()));
  if (!variant) {
    order.big = true;
    variant = variant_of(order.u32(head.data()));
  }
  if (!variant) return Error{"is not a pcap file"};
  const unsigned major = order.u16(head.data() + 4);
  const unsigned minor = order.u16(head.data() + 6);
  if (major != 2) return Error{fmt::format("has the unknown pcap version {}.{}", major, minor)};
  return std::unique_ptr<Format>(std::make_unique<PcapFormat>(*variant, order, head));
}

}  // namespace wirelens
