// fuzz/content_fuzz.cc - any bytes as content in any codings.
//
// Input: a byte that chooses one or two codings, a byte for the size of slices, then the content.
// Looks for over-reads, memory that stays booked, output past the bounds, and work out of
// proportion to what goes in and may come out.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/work.h"
#include "common/content.h"

namespace wirelens::content {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

class Sink final : public ContentSink {
 public:
  void content(Bytes bytes, const Stamp&) override {
    require(!bytes.empty() && bytes.size() <= kWindow);
    for (const std::uint8_t byte : bytes) sum_ = sum_ + byte;
    count += bytes.size();
  }
  void missing(std::uint64_t, const Stamp&) override { std::abort(); }
  std::uint64_t count = 0;

 private:
  volatile unsigned sum_ = 0;
};

void run(Bytes input) {
  if (input.size() < 2) return;
  Codings codings;
  codings.count = 1 + (input[0] & 1);
  codings.layers = {static_cast<Coding>(input[0] >> 1 & 3), static_cast<Coding>(input[0] >> 3 & 3)};
  const std::size_t most = input[1] + 1u;
  input = input.subspan(2);
  Ledger ledger(std::size_t{256} << 20);
  {
    const auto decoder = Decoder::open(codings, ledger);
    require(decoder != nullptr);
    Sink sink;
    const std::uint64_t before = work_done;
    std::uint64_t slices = 0;
    std::uint64_t received = 0;
    auto state = Decoder::State::going;
    while (!input.empty() && state == Decoder::State::going) {
      const std::size_t size = std::min(most, input.size());
      const auto block = std::make_unique<std::uint8_t[]>(size);
      std::memcpy(block.get(), input.data(), size);
      state = decoder->feed({block.get(), size}, {}, sink);
      input = input.subspan(size);
      received += size;
      ++slices;
      require(sink.count <= kMaxDecoded);
      // Windows that were begun in each of the layers, and what one feed may add to the ratio.
      require(sink.count <= kFreeOutput + kMaxRatio * (received + 1) + 2 * kWindow);
      require(work_done - before <= 16 * (received + slices) + 4 * kMaxDecoded + 8 * kWindow);
    }
    decoder->finish();
  }
  require(ledger.total() == 0);
}

}  // namespace
}  // namespace wirelens::content

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wirelens::content::run({data, size});
  return 0;
}
