// fuzz/socketio_fuzz.cc - the bodies of polls in Engine.IO 3 and 4, bare and as JSONP, and what was
// asked for.
#include <array>

#include "fuzz/stream_fuzz.h"
#include "socketio/packet.h"
#include "socketio/socketio.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirelens;
  if (size == 0) return 0;
  fuzz::World world({.show_secrets = (data[0] & 1) != 0});
  Exchange exchange;
  exchange.status = 200;
  constexpr std::array<std::string_view, 4> kTargets = {
      "/socket.io/?EIO=3&transport=polling", "/socket.io/?EIO=4&transport=polling&sid=a",
      "/socket.io/?EIO=3&transport=polling&j=0", "/socket.io/?EIO=4&transport=polling&j=1&sid=a"};
  exchange.path = kTargets[data[0] >> 1 & 3];
  constexpr const Protocol* kProtocols[] = {&socketio::kProtocol};
  const Bytes rest(data + 1, size - 1);
  const auto value = socketio::parameter(as_text(rest), "EIO");
  fuzz::require(!value || value->size() < rest.size());
  fuzz::run(rest, world, kProtocols, {"socketio", &exchange},
            {.work_per_slice = 65536, .records_per_byte = 4});
  return 0;
}
