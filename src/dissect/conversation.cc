// dissect/conversation.cc - recognising a protocol, and keeping its readers running.
#include "dissect/conversation.h"

namespace wirelens {
namespace {

/// Slices of one direction whose beginnings are looked at when the stream's own beginning was
/// missed.
constexpr std::uint16_t kMaxProbes = 64;
/// First bytes that decide; more are not waited for.
constexpr std::size_t kEnoughToJudge = 1024;

}  // namespace

Conversation::Conversation(std::span<const Protocol* const> protocols,
                           std::pmr::memory_resource& memory)
    : sides_{Side(Direction::from_client, memory), Side(Direction::from_server, memory)},
      protocols_(protocols) {}

Conversation::~Conversation() {
  for (Side& side : sides_) side.reader = {};  // before the dissector that the frames refer to
  dissector_.reset();                          // before the inputs and the exchange that it reads
}

void Conversation::begin(Context& context, std::string_view protocol, const Exchange* under) {
  if (under) belongs_to(*under);
  if (protocol == kWhateverFits) return;
  if (const Protocol* found = find_protocol(protocols_, protocol)) return open(context, *found);
  become_opaque(context);
}

void Conversation::data(Context& context, Direction from, Bytes bytes, const Stamp& stamp) {
  if (opaque_) return;
  Side& side = sides_[index(from)];
  if (!dissector_) {
    side.in.offer(bytes, stamp);
    look(context, side);
    side.in.keep();
  } else if (side.reader && side.in.feed(bytes, stamp)) {
    settle(context);
  }
}

void Conversation::look(Context& context, Side& side) {
  const Bytes first = side.in.available();
  bool unsure = false;
  const bool missed = context.midstream() || side.holes;
  const Direction from = side.in.from();
  for (const Protocol* protocol : protocols_) {
    const auto probe = protocol->probe;
    if (!probe || (protocol->follows_another && !missed)) continue;
    const Fit fit = probe(from, first);
    if (fit == Fit::certain) return open(context, *protocol);
    unsure |= fit == Fit::unsure;
  }
  if (unsure && first.size() < kEnoughToJudge) return;
  side.in.abandon(true);
  ++side.probed;
  // A stream whose beginning was seen has had its chance; otherwise a later slice may begin a
  // message. Neither side decides alone: one may greet or speak garbage, and the answer tells.
  const Side& other = sides_[index(opposite(from))];
  if (side.probed >= (missed ? kMaxProbes : 1) && (other.probed > 0 || side.probed >= kMaxProbes)) {
    become_opaque(context);
  }
}

std::optional<std::uint8_t> Conversation::ruled_out() const {
  if (dissector_ || opaque_ || handed_on_ || under_) return std::nullopt;
  std::uint8_t bits = 0;
  for (const Side& side : sides_) {
    const bool more = side.holes || side.in.ended() || !side.in.available().empty();
    if (more || side.probed > 1) return std::nullopt;
    bits |= static_cast<std::uint8_t>(side.probed << index(side.in.from()));
  }
  return bits;
}

void Conversation::recall(std::uint8_t ruled_out) {
  for (Side& side : sides_) side.probed = ruled_out >> index(side.in.from()) & 1;
}

void Conversation::open(Context& context, const Protocol& protocol) {
  context.speaks(protocol.name);
  dissector_ = protocol.open(context, *this);
  for (Side& side : sides_) {
    if (!handing_over_) start(context, side, side.probed > 0 || side.holes);
  }
  settle(context);
  for (Side& side : sides_) side.in.keep();
}

void Conversation::start(Context& context, Side& side, bool behind_hole) {
  side.reader =
      behind_hole ? dissector_->resume(context, side.in) : dissector_->read(context, side.in);
  side.reader.resume();
}

void Conversation::settle(Context& context) {
  // A reader may have released the other side, handed the stream over, or ended.
  for (bool again = true; again;) {
    again = false;
    if (handing_over_) return change_hands(context);
    for (Side& side : sides_) {
      if (side.in.released() && side.in.pump()) {
        side.in.keep();
        again = true;
      }
    }
  }
  for (Side& side : sides_) {
    if (side.reader && !side.in.waiting() && side.reader.done()) {
      side.reader = {};
      side.in.abandon(true);
    }
  }
}

void Conversation::change_hands(Context& context) {
  handing_over_ = false;
  handed_on_ = true;
  dissector_->finish(context);
  for (Side& side : sides_) {
    side.reader = {};
    side.in.abandon(false);
    side.probed = 0;
    side.holes = false;
  }
  dissector_.reset();
  if (handed_to_ == kWhateverFits) {
    for (Side& side : sides_) {
      if (!dissector_ && !opaque_ && !side.in.available().empty()) look(context, side);
    }
    return;
  }
  const Protocol* next = find_protocol(protocols_, handed_to_);
  if (!next) return become_opaque(context);
  open(context, *next);
}

void Conversation::gap(Context& context, Direction from, std::uint64_t bytes, const Stamp& stamp) {
  if (opaque_) return;
  Side& side = sides_[index(from)];
  const std::uint64_t lost = side.in.skip(bytes, stamp);
  if (!dissector_) {
    side.holes = true;
    side.in.abandon(true);
    return;
  }
  if (lost > 0 && side.reader) {
    side.reader = {};
    side.in.abandon(true);
    start(context, side, true);
  }
  settle(context);
}

void Conversation::end(Context& context, Direction from, bool cleanly, const Stamp& stamp) {
  if (opaque_) return;
  sides_[index(from)].in.finish(cleanly, stamp);
  if (dissector_) settle(context);
  if (sides_[0].in.ended() && sides_[1].in.ended()) become_opaque(context);
}

void Conversation::finish(Context& context, const Stamp& stamp) {
  for (Side& side : sides_) {
    if (!side.in.ended()) end(context, side.in.from(), false, stamp);
  }
}

void Conversation::become_opaque(Context& context) {
  if (opaque_) return;
  if (dissector_) dissector_->finish(context);
  for (Side& side : sides_) {
    side.reader = {};
    side.in.abandon(true);
  }
  dissector_.reset();
  opaque_ = true;
}

void Conversation::hand_over(std::string_view protocol) {
  handed_to_ = protocol;
  handing_over_ = true;
}

void Conversation::belongs_to(const Exchange& exchange) {
  under_ = std::make_unique<Under>(exchange, sides_[0].in.memory());
}

}  // namespace wirelens
