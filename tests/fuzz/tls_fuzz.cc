// fuzz/tls_fuzz.cc - both directions of a stream through the TLS dissector: see stream_fuzz.h. The
// first byte chooses only whether the beginning was missed.
#include "fuzz/stream_fuzz.h"
#include "tls/message_stream.h"
#include "tls/tls.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirelens;
  if (size == 0) return 0;
  // What may wait: a message, a hello and a chain in each direction, and carried bytes.
  constexpr std::size_t kMost = 8 * tls::kMaxMessage + 4 * Input::kMaxHeld + (64u << 10);
  fuzz::World world({.midstream = (data[0] & 1) != 0});
  constexpr const Protocol* kProtocols[] = {&tls::kProtocol};
  fuzz::run({data + 1, size - 1}, world, kProtocols, {}, {.memory = kMost});
  return 0;
}
