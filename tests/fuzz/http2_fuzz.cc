// fuzz/http2_fuzz.cc - both directions of a stream through the HTTP/2 dissector: see stream_fuzz.h.
#include "fuzz/stream_fuzz.h"
#include "http2/connection.h"
#include "http2/http2.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirelens;
  // What may wait: heads and previews, a field section of each side with its scratch, tables,
  // carried bytes, and decoders.
  constexpr std::size_t kMost = 2 * http2::kMaxHeldBytes + 8 * http2::kMaxBlock +
                                4 * http2::kMaxTable + 4 * Input::kMaxHeld + (20u << 20);
  // A section of a few bytes may bring kFreeFieldBytes.
  constexpr std::uint64_t kPerByte = http2::kFreeFieldBytes / http2::kHeaderSize + 256;
  fuzz::run(
      {data, size}, http2::kProtocol,
      {.work_per_slice = 65536, .work_per_byte = kPerByte, .memory = kMost, .held_back = true});
  return 0;
}
