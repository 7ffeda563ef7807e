// fuzz/savefile_fuzz.cc - any bytes as a savefile: whole and streamed agree, at linear cost.
#include <cstdlib>

#include "capture/compressed.h"
#include "capture/reading.h"

namespace wirelens {
namespace {

constexpr std::size_t kMostUnpacked = 1u << 20;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Counts what a parser asks of its feed.
class CountedFeed final : public Feed {
 public:
  CountedFeed(std::unique_ptr<StreamFeed> feed, std::uint64_t& work)
      : feed_(std::move(feed)), work_(work) {}

  Stretch advance(std::uint64_t offset, std::size_t need) override {
    const std::uint64_t before = feed_->bytes_moved();
    const Stretch stretch = feed_->advance(offset, need);
    work_ += 1 + feed_->bytes_moved() - before;
    return stretch;
  }
  bool repeatable() const override { return false; }
  std::string fault() const override { return feed_->fault(); }
  std::uint64_t bytes_read(std::uint64_t offset) const override {
    return feed_->bytes_read(offset);
  }
  std::optional<std::uint64_t> bytes_total() const override { return feed_->bytes_total(); }

 private:
  std::unique_ptr<StreamFeed> feed_;
  std::uint64_t& work_;
};

/// Where the stream is cut: depends on the bytes, so that the fuzzer moves it.
std::vector<std::size_t> cuts_of(std::string_view file) {
  std::vector<std::size_t> cuts;
  std::uint64_t state = 0x9e3779b97f4a7c15 ^ file.size();
  for (std::size_t at = 0; at < file.size();) {
    state = (state ^ static_cast<std::uint8_t>(file[at])) * 0x2545f4914f6cdd1d;
    at += 1 + (state >> 33) % (state % 3 == 0 ? 4 : 300);
    cuts.push_back(std::min(at, file.size()));
  }
  return cuts;
}

Reading read_streamed(std::unique_ptr<ByteStream> stream, std::uint64_t& work, std::size_t batch) {
  auto feed = std::make_unique<StreamFeed>(std::move(stream), 64);
  return read_all(Savefile::over("f", std::make_unique<CountedFeed>(std::move(feed), work)), batch);
}

struct Unpacked {
  std::string bytes;
  bool broken = false;
};

/// The unpacked bytes, as far as they go.
Unpacked unpacked(std::string_view packed, bool gzip, std::vector<std::size_t> cuts) {
  auto stream = std::make_unique<CutStream>(packed, std::move(cuts));
  auto unpacker = gzip ? gunzip(std::move(stream)) : unzstd(std::move(stream));
  std::string out;
  std::vector<std::uint8_t> piece(4096);
  ByteStream::Read read;
  while (read.state != FeedState::ended && read.state != FeedState::broken &&
         out.size() < kMostUnpacked) {
    read = unpacker->read(piece);
    require((read.count > 0) == (read.state == FeedState::open));
    out.append(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(read.count));
  }
  const bool broken = read.state == FeedState::broken;
  require(broken == !unpacker->fault().empty());
  return {out, broken};
}

/// The same however it comes; in a broken one, how much is unpacked before the fault may differ.
std::string unpacked_twice(std::string_view packed, bool gzip) {
  const Unpacked whole = unpacked(packed, gzip, {});
  const Unpacked cut = unpacked(packed, gzip, cuts_of(packed));
  const std::size_t common = std::min(whole.bytes.size(), cut.bytes.size());
  require(whole.bytes.substr(0, common) == cut.bytes.substr(0, common));
  if (common == whole.bytes.size() && common == cut.bytes.size()) return whole.bytes;
  require((whole.broken && cut.broken) || common >= kMostUnpacked);
  return whole.bytes;
}

void check(std::string_view file) {
  const Reading whole = read_whole(file);
  const auto cuts = cuts_of(file);
  std::uint64_t work = 0;
  const Reading streamed =
      read_streamed(std::make_unique<CutStream>(file, cuts), work, 1 + file.size() % 9);
  require(whole == streamed);
  require(whole.packets.size() * 12 <= file.size());
  require(work <= 64 + 4 * file.size());
  require(whole.error.empty() || whole.packets.empty());
  require(whole.damages.size() <= 1);
}

}  // namespace
}  // namespace wirelens

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirelens;
  const Bytes bytes(data, size);
  const Compression compression = compression_of(bytes);
  if (compression == Compression::none) {
    check(as_text(bytes));
    return 0;
  }
  const std::string file = unpacked_twice(as_text(bytes), compression == Compression::gzip);
  check(file);
  return 0;
}
