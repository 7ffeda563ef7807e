// fuzz/sse_fuzz.cc - an event stream, sliced, with holes.
#include "fuzz/play_stream.h"
#include "sse/sse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirelens;
  if (size == 0) return 0;
  fuzz::World world(false, (data[0] & 1) != 0);
  constexpr const Protocol* kProtocols[] = {&sse::kProtocol};
  fuzz::Bounds bounds;
  bounds.work_per_slice = 4096;
  bounds.work_per_byte = 8;
  fuzz::play({data + 1, size - 1}, world, kProtocols, "sse", nullptr, bounds);
  return 0;
}
