// fuzz/http1_fuzz.cc - both directions of a stream through the HTTP/1 dissector: see stream_fuzz.h.
#include "fuzz/stream_fuzz.h"
#include "http1/exchanges.h"
#include "http1/http1.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirelens;
  // What may wait: heads and previews of both directions, carried bytes, and decoders.
  constexpr std::size_t kMost = 4 * http1::kMaxPendingBytes + 4 * Input::kMaxHeld + (20u << 20);
  fuzz::run({data, size}, http1::kProtocol, {.memory = kMost, .held_back = true});
  return 0;
}
