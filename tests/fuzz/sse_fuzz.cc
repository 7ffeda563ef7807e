// fuzz/sse_fuzz.cc - an event stream, sliced, with holes.
#include "fuzz/stream_fuzz.h"
#include "sse/sse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirelens;
  if (size == 0) return 0;
  fuzz::World world({.show_secrets = (data[0] & 1) != 0});
  constexpr const Protocol* kProtocols[] = {&sse::kProtocol};
  fuzz::run({data + 1, size - 1}, world, kProtocols, {"sse"},
            {.work_per_slice = 4096, .work_per_byte = 8, .records_per_byte = 4});
  return 0;
}
