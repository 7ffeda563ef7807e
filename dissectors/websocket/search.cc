// websocket/search.cc - weighing places at which a frame may begin.
#include "websocket/search.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/work.h"
#include "common/utf8.h"
#include "websocket/inflation.h"

namespace wirelens::websocket {
namespace {

// What chance would bring: a first byte out of 13 possible ones of 256, the mask bit, a header at
// just the first byte of a packet, a length that ends where everything ends.
constexpr unsigned kHeaderBits = 5;
constexpr unsigned kCompressedBits = 4;
constexpr unsigned kPacketBits = 8;
constexpr unsigned kEndBits = 8;
constexpr unsigned kLongLengthBits = 16;
constexpr unsigned kCloseCodeBits = 6;
constexpr unsigned kInflatedBits = 12;
constexpr std::size_t kTextBytes = 12;
/// Frames of one chain that are looked at.
constexpr unsigned kChain = 8;

bool keeps_rules(const FrameHeader& header, Direction from, bool compression) {
  const bool control = is_control(header.opcode);
  if (!is_known(header.opcode) || !header.possible() || !header.minimal) return false;
  if (header.masked != (from == Direction::from_client)) return false;
  if (control && (!header.final || header.length > kMaxControl)) return false;
  // Zeros would do for this one, and nobody sends it.
  if (header.opcode == Opcode::continuation && !header.final && header.length == 0) return false;
  if (header.reserved == 0) return true;
  return header.compressed() && header.reserved == 4 && compression && !control &&
         header.opcode != Opcode::continuation;
}

/// Messages and their fragments come in turn (RFC 6455 section 5.4).
class Turns {
 public:
  bool allow(const FrameHeader& header) {
    if (is_control(header.opcode)) return true;
    const bool goes_on = header.opcode == Opcode::continuation;
    if (within_ && *within_ != goes_on) return false;
    within_ = !header.final;
    return true;
  }

 private:
  std::optional<bool> within_;  // a message of which more is to come; not known at first
};

unsigned bits_of(const FrameHeader& header) {
  // Protocols that put two bytes of length before each message look like this.
  if (header.opcode == Opcode::continuation && !header.final) return 0;
  const unsigned bits = header.compressed() ? kCompressedBits : kHeaderBits;
  const bool long_length = header.length > 0xffff && header.length < (std::uint64_t{1} << 32);
  return bits + (long_length ? kLongLengthBits : 0);
}

/// What a compressed text says: chance does not inflate to the end, and to text at that.
class InflatedText final : public InflatedSink {
 public:
  static unsigned bits_of(Bytes payload) {
    Ledger ledger(1u << 20);
    Inflation inflation({.agreed = true}, true, ledger);
    InflatedText text;
    if (inflation.begin() != Inflation::State::going) return 0;
    inflation.feed(payload, text);
    const bool ends = inflation.end(text) == Inflation::State::going;
    return ends && text.is_text_ && text.printable_ >= kEnoughText ? kInflatedBits : 0;
  }

 private:
  static constexpr std::size_t kEnoughText = 8;

  void inflated(Bytes bytes, Bytes doubtful) override {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (!doubtful.empty() && bytes[i] != doubtful[i]) continue;
      printable_ += bytes[i] >= 0x20 && bytes[i] < 0x7f ? 1u : 0u;
      is_text_ = is_text_ &&
                 (bytes[i] >= 0x20 || bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t');
    }
  }
  std::size_t printable_ = 0;
  bool is_text_ = true;
};

/// What the payload's beginning says. A byte that is no text rules the place out.
struct PayloadLook {
  bool possible = true;
  bool needs_more = false;
  unsigned bits = 0;
};
PayloadLook look_at(const FrameHeader& header, Bytes payload, unsigned enough) {
  PayloadLook look;
  std::array<std::uint8_t, kTextBytes> clear;
  const std::size_t wanted = std::min<std::uint64_t>(header.length, clear.size());
  const std::size_t size = std::min(payload.size(), wanted);
  unmask(payload.first(size), header.mask, 0, clear.data());
  if (header.opcode == Opcode::close && header.length > 0) {
    if (header.length == 1) look.possible = false;
    look.needs_more = size < 2;
    if (size < 2) return look;
    const std::uint16_t code = load_be16(clear.data());
    look.possible = look.possible && code >= 1000 && code < 5000;
    look.bits = kCloseCodeBits;
  } else if (header.opcode == Opcode::text && !header.compressed()) {
    Utf8Check utf8;
    for (std::size_t i = 0; i < size && look.bits < enough; ++i) {
      if (!utf8.feed(Bytes(clear).subspan(i, 1))) {
        look.possible = false;
        return look;
      }
      const bool printable = clear[i] >= 0x20 && clear[i] < 0x7f;
      look.bits += printable ? 1 : 0;
    }
    look.needs_more = size < wanted;
  }
  return look;
}

}  // namespace

bool Search::arrived(std::size_t available, std::uint64_t packet) {
  const bool another = available > seen_ && packet != packet_;
  if (another) {
    packets_[packet_count_++ % packets_.size()] = seen_;
    packet_ = packet;
  }
  seen_ = available;
  return another;
}

bool Search::begins_packet(std::size_t at) const {
  const std::size_t count = std::min(packet_count_, packets_.size());
  return std::find(packets_.begin(), packets_.begin() + static_cast<std::ptrdiff_t>(count), at) !=
         packets_.begin() + static_cast<std::ptrdiff_t>(count);
}

void Search::skipped() {
  constexpr std::size_t kNowhere = ~std::size_t{0};
  for (std::size_t& each : packets_) each = each >= at_ && each != kNowhere ? each - at_ : kNowhere;
  seen_ -= at_;
  at_ = 0;
}

Search::Judgement Search::judge(Bytes bytes, std::size_t at, bool ended, unsigned enough) const {
  Judgement judgement;
  Turns turns;
  std::uint64_t place = at;
  // All is weighed in the order in which it comes, so that it does not matter in which slices.
  for (unsigned frames = 0; frames < kChain; ++frames) {
    work();
    if (place >= bytes.size()) {
      if (place == bytes.size() && ended && frames > 0) judgement.bits += kEndBits;
      const bool too_far = place - at > kMaxSearched;
      judgement.found = judgement.bits >= enough ? Found::yes
                        : ended || too_far       ? Found::no
                                                 : Found::unsure;
      return judgement;
    }
    if (begins_packet(static_cast<std::size_t>(place))) judgement.bits += kPacketBits;
    const Bytes rest = bytes.subspan(static_cast<std::size_t>(place));
    const std::size_t length = header_length(rest);
    if (length == 0 || length > rest.size()) {
      judgement.found = ended ? Found::no : Found::unsure;
      return judgement;
    }
    const FrameHeader header = parse_header(rest);
    if (!keeps_rules(header, from_, compression_) || !turns.allow(header)) return {Found::no, 0};
    judgement.bits += bits_of(header);
    if (judgement.bits >= enough) return {Found::yes, judgement.bits};
    const PayloadLook look = look_at(header, rest.subspan(length), enough - judgement.bits);
    if (!look.possible) return {Found::no, 0};
    judgement.bits += look.bits;
    if (judgement.bits >= enough) return {Found::yes, judgement.bits};
    if (look.needs_more) {
      judgement.found = ended ? Found::no : Found::unsure;
      return judgement;
    }
    place += length + header.length;
  }
  judgement.found = judgement.bits >= std::min(enough, kEnough) ? Found::yes : Found::no;
  return judgement;
}

Search::Found Search::look(Bytes available, bool ended) {
  for (; at_ < available.size(); ++at_) {
    const Found found = judge(available, at_, ended, kEnough).found;
    if (found == Found::yes) return found;
    if (found == Found::unsure && available.size() - at_ < kMaxSearched) return found;
  }
  return Found::no;
}

std::optional<unsigned> Search::evidence(Direction from, Bytes bytes) {
  const Search search(from, true, 0);
  const Judgement judgement = search.judge(bytes, 0, true, 2 * kEnough);
  if (judgement.found == Found::no && judgement.bits == 0) return std::nullopt;
  const std::size_t length = header_length(bytes);
  const FrameHeader header = parse_header(bytes);
  const bool alone = header.final && length + header.length == bytes.size();
  if (alone && header.compressed() && header.opcode == Opcode::text) {
    std::vector<std::uint8_t> clear(bytes.size() - length);
    unmask(bytes.subspan(length), header.mask, 0, clear.data());
    return judgement.bits + InflatedText::bits_of(clear);
  }
  return judgement.bits;
}

}  // namespace wirelens::websocket
