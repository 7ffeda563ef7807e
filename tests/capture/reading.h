// capture/reading.h - reads a source to its end and keeps what came out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "capture/feed.h"
#include "capture/savefile.h"

namespace wirelens {

/// A packet with its bytes, after its source has moved on.
struct KeptPacket {
  std::int64_t time = 0;
  std::int64_t now = 0;
  std::uint64_t number = 0;
  std::string bytes;
  std::uint32_t original_length = 0;
  std::uint32_t interface = 0;

  bool operator==(const KeptPacket&) const = default;
};

inline void PrintTo(const KeptPacket& packet, std::ostream* out) {
  *out << packet.number << " at " << packet.time << " now " << packet.now << " interface "
       << packet.interface << ", " << packet.bytes.size() << " of " << packet.original_length;
}

struct Reading {
  std::vector<KeptPacket> packets;
  std::vector<std::string> damages;  ///< "offset reason"
  std::string error;                 ///< open failed

  bool operator==(const Reading&) const = default;
};

/// Reads `source` in batches of `batch`.
inline Reading read_all(Source& source, std::size_t batch = 64) {
  Reading reading;
  std::vector<Packet> packets(batch);
  ReadResult result;
  while (!result.ended) {
    result = source.read(packets);
    for (std::size_t i = 0; i < result.count; ++i) {
      const Packet& packet = packets[i];
      reading.packets.push_back({packet.time.time_since_epoch().count(),
                                 packet.now.time_since_epoch().count(), packet.number,
                                 std::string(as_text(packet.bytes)), packet.original_length,
                                 packet.interface});
    }
  }
  for (const Damage& damage : source.damages()) {
    reading.damages.push_back(std::to_string(damage.offset) + " " + damage.reason);
  }
  return reading;
}

inline Reading read_all(Result<std::unique_ptr<Source>> source, std::size_t batch = 64) {
  if (source) return read_all(**source, batch);
  Reading reading;
  reading.error = source.error().message;
  return reading;
}

/// A stream that gives `text` in pieces that end at `cuts`, saying idle between them.
class CutStream final : public ByteStream {
 public:
  CutStream(std::string_view text, std::vector<std::size_t> cuts)
      : text_(text), cuts_(std::move(cuts)) {
    cuts_.push_back(text.size());
  }
  Read read(std::span<std::uint8_t> into) override {
    while (next_ < cuts_.size() && cuts_[next_] <= at_) {
      ++next_;
      if (next_ < cuts_.size()) return {0, FeedState::idle};
    }
    if (next_ == cuts_.size()) return {0, FeedState::ended};
    const std::size_t count = std::min(into.size(), cuts_[next_] - at_);
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return {count, FeedState::open};
  }
  std::string fault() const override { return {}; }
  std::uint64_t bytes_read() const override { return at_; }
  std::optional<std::uint64_t> bytes_total() const override { return std::nullopt; }

 private:
  std::string_view text_;
  std::vector<std::size_t> cuts_;
  std::size_t next_ = 0;
  std::size_t at_ = 0;
};

/// The file in one piece, as if it were mapped.
inline Reading read_whole(std::string_view file, std::size_t batch = 64) {
  // A copy of exactly that size, so that AddressSanitizer sees a read behind it.
  const std::vector<std::uint8_t> copy(file.begin(), file.end());
  return read_all(Savefile::over("f", std::make_unique<MemoryFeed>(copy)), batch);
}

/// The file as a stream, through a buffer that begins with `chunk` bytes.
inline Reading read_cut(std::string_view file, std::vector<std::size_t> cuts,
                        std::size_t batch = 64, std::size_t chunk = 64) {
  auto stream = std::make_unique<CutStream>(file, std::move(cuts));
  return read_all(Savefile::over("f", std::make_unique<StreamFeed>(std::move(stream), chunk)),
                  batch);
}

}  // namespace wirelens
