// capture/merge.cc - a heap of the next packet of each source.
#include "capture/merge.h"

#include <algorithm>
#include <utility>

#include "capture/notes.h"

namespace wirelens {
namespace {

/// One of the sources, with the packets that it has given and that are not yet passed on.
struct Strand {
  static constexpr std::size_t kBatch = 256;

  std::unique_ptr<Source> source;
  std::size_t order = 0;  ///< among the sources
  std::vector<Packet> packets = std::vector<Packet>(kBatch);
  std::size_t next = 0;
  std::size_t count = 0;
  bool ended = false;
  std::vector<std::uint32_t> interfaces;  ///< where ours stand among all
  std::size_t comments_taken = 0;
  std::size_t keys_taken = 0;

  bool empty() const { return next == count; }
};

/// The heap's order: the earliest packet comes out first.
bool later(const Strand* a, const Strand* b) {
  const Timestamp mine = a->packets[a->next].now;
  const Timestamp other = b->packets[b->next].now;
  return mine != other ? mine > other : a->order > b->order;
}

class MergedSource final : public Source {
 public:
  MergedSource(std::vector<std::unique_ptr<Source>> sources, std::vector<Damage> damages)
      : strands_(sources.size()), damages_(std::move(damages)) {
    for (std::size_t i = 0; i < strands_.size(); ++i) {
      strands_[i].source = std::move(sources[i]);
      strands_[i].order = i;
      const auto& names = strands_[i].source->names();
      names_.insert(names_.end(), names.begin(), names.end());
      waiting_.push_back(&strands_[i]);
      learn_interfaces(strands_[i]);
    }
  }

  ReadResult read(std::span<Packet> packets) override;
  bool repeatable() const override {
    return std::all_of(strands_.begin(), strands_.end(),
                       [](const Strand& strand) { return strand.source->repeatable(); });
  }
  const std::vector<Interface>& interfaces() const override { return interfaces_; }
  const Annotations& annotations() const override { return annotations_; }
  const std::vector<Damage>& damages() const override { return damages_; }
  const std::vector<std::string>& names() const override { return names_; }
  const std::vector<std::string>& remarks() const override { return remarks_; }
  std::uint64_t bytes_read() const override;
  std::optional<std::uint64_t> bytes_total() const override;

 private:
  /// Reads from every strand that has run out. False: one has nothing yet, so nobody knows what
  /// comes next.
  bool refill();
  void learn_interfaces(Strand& strand);
  /// Takes over comments up to the packet that was `number` in its source and is `number_here`
  /// here.
  void take_comments(Strand& strand, std::uint64_t number, std::uint64_t number_here);
  /// Takes over keys that stand before the packet that was `number` in its source; they come behind
  /// `packets_before` packets here.
  void take_keys(Strand& strand, std::uint64_t number, std::uint64_t packets_before);
  void finish(Strand& strand);

  std::vector<Strand> strands_;
  std::vector<Damage> damages_;
  std::vector<Strand*> heap_;     ///< those with packets
  std::vector<Strand*> waiting_;  ///< those that have run out, but not ended
  std::uint64_t packets_ = 0;
  std::vector<Interface> interfaces_;
  Annotations annotations_;
  Notes notes_{annotations_};
  std::vector<std::string> names_;
  std::vector<std::string> remarks_;
};

ReadResult MergedSource::read(std::span<Packet> packets) {
  if (!refill()) return {0, false};
  std::size_t filled = 0;
  // What a strand has lent is void once it is read again: so a batch ends where one runs out.
  while (filled < packets.size() && waiting_.empty() && !heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Strand& strand = *heap_.back();
    Packet& packet = packets[filled++];
    packet = strand.packets[strand.next++];
    const std::uint64_t number = std::exchange(packet.number, ++packets_);
    packet.interface = strand.interfaces[packet.interface];
    take_comments(strand, number, packet.number);
    take_keys(strand, number, packet.number - 1);
    if (!strand.empty()) {
      std::push_heap(heap_.begin(), heap_.end(), later);
      continue;
    }
    heap_.pop_back();
    if (strand.ended) {
      finish(strand);
    } else {
      waiting_.push_back(&strand);
    }
  }
  return {filled, heap_.empty() && waiting_.empty()};
}

bool MergedSource::refill() {
  std::vector<Strand*> still_waiting;
  for (Strand* const strand : waiting_) {
    const ReadResult result = strand->source->read(strand->packets);
    strand->next = 0;
    strand->count = result.count;
    strand->ended = result.ended;
    learn_interfaces(*strand);
    if (!strand->empty()) {
      heap_.push_back(strand);
      std::push_heap(heap_.begin(), heap_.end(), later);
    } else if (strand->ended) {
      finish(*strand);
    } else {
      still_waiting.push_back(strand);
    }
  }
  waiting_ = std::move(still_waiting);
  return waiting_.empty();
}

void MergedSource::learn_interfaces(Strand& strand) {
  const auto& theirs = strand.source->interfaces();
  for (std::size_t i = strand.interfaces.size(); i < theirs.size(); ++i) {
    strand.interfaces.push_back(static_cast<std::uint32_t>(interfaces_.size()));
    interfaces_.push_back(theirs[i]);
  }
}

void MergedSource::take_comments(Strand& strand, std::uint64_t number, std::uint64_t number_here) {
  const auto& theirs = strand.source->annotations().comments;
  for (; strand.comments_taken < theirs.size(); ++strand.comments_taken) {
    const Annotations::Comment& comment = theirs[strand.comments_taken];
    if (comment.packet > number) return;
    notes_.comment(comment.packet == 0 ? 0 : number_here, comment.text);
  }
}

void MergedSource::take_keys(Strand& strand, std::uint64_t number, std::uint64_t packets_before) {
  const auto& theirs = strand.source->annotations().tls_keys;
  for (; strand.keys_taken < theirs.size(); ++strand.keys_taken) {
    const Annotations::Keys& keys = theirs[strand.keys_taken];
    if (keys.packets_before >= number) return;
    notes_.tls_keys(packets_before, keys.log.view());
  }
}

void MergedSource::finish(Strand& strand) {
  Source& source = *strand.source;
  take_comments(strand, ~std::uint64_t{0}, 0);
  take_keys(strand, ~std::uint64_t{0}, packets_);
  notes_.take_over(source.annotations());
  damages_.insert(damages_.end(), source.damages().begin(), source.damages().end());
  remarks_.insert(remarks_.end(), source.remarks().begin(), source.remarks().end());
  for (std::size_t i = 0; i < strand.interfaces.size(); ++i) {  // statistics come at the end
    interfaces_[strand.interfaces[i]] = source.interfaces()[i];
  }
}

std::uint64_t MergedSource::bytes_read() const {
  std::uint64_t sum = 0;
  for (const Strand& strand : strands_) sum += strand.source->bytes_read();
  return sum;
}

std::optional<std::uint64_t> MergedSource::bytes_total() const {
  std::uint64_t sum = 0;
  for (const Strand& strand : strands_) {
    const auto total = strand.source->bytes_total();
    if (!total) return std::nullopt;
    sum += *total;
  }
  return sum;
}

}  // namespace

std::unique_ptr<Source> merged(std::vector<std::unique_ptr<Source>> sources,
                               std::vector<Damage> damages) {
  return std::make_unique<MergedSource>(std::move(sources), std::move(damages));
}

}  // namespace wirelens
