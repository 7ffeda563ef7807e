// decode/decode.cc - the decoder: what stays between packets, and a walk for each.
#include "decode/decode.h"

#include "decode/walk.h"

namespace wirelens {

class Decoder::State : public Workshop {
 public:
  using Workshop::Workshop;
};

Decoder::Decoder(Ledger& ledger, DecodeOptions options)
    : state_(std::make_unique<State>(ledger, options)) {}
Decoder::~Decoder() = default;

Verdict Decoder::decode(const Packet& packet, const Interface& interface, Decoded& out) {
  State& state = *state_;
  state.fragments.recycle();
  const auto captured = static_cast<std::uint32_t>(packet.bytes.size());
  const Layer layer{packet.bytes.data(), captured,
                    captured < packet.original_length ? packet.original_length : captured};
  if (layer.captured < layer.length) ++state.counts.truncated;
  out.transport = Transport::none;
  out.checksum = Checksum::unverified;
  out.joined = false;
  Walk walk(state, packet, out);
  const Verdict verdict = walk.link(interface.linktype, layer);
  walk.settle();
  return verdict;
}

const Encapsulation& Decoder::encapsulation(std::uint32_t outer) const {
  return state_->encapsulations[outer];
}

std::size_t Decoder::encapsulation_count() const {
  return state_->encapsulations.size();
}

const DecodeCounts& Decoder::counts() const {
  return state_->counts;
}

void Walk::book() {
  if (not_ip_) ++shop_.counts.not_ip;
  for (std::uint8_t i = 0; i < noted_; ++i) {
    std::vector<DecodeCounts::Count>& flaws = shop_.counts.flaws;
    std::size_t at = 0;
    while (at < flaws.size() && flaws[at].flaw.name != notes_[i]->name) ++at;
    if (at == flaws.size()) flaws.push_back({*notes_[i], 0});
    ++flaws[at].count;
  }
}

std::uint32_t Walk::intern() {
  const Encapsulations::Found found = shop_.encapsulations.find(around_);
  if (found.full) note(flaws::kTooManyEncapsulations);
  return found.id;
}

}  // namespace wirelens
