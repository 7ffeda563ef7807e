// fuzz/socketio_fuzz.cc - the bodies of polls in Engine.IO 3 and 4, and what was asked for.
#include "fuzz/play_stream.h"
#include "socketio/packet.h"
#include "socketio/socketio.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirelens;
  if (size == 0) return 0;
  fuzz::World world(false, (data[0] & 1) != 0);
  Exchange exchange;
  exchange.status = 200;
  exchange.path = (data[0] & 2) != 0 ? "/socket.io/?EIO=4&transport=polling&sid=a"
                                     : "/socket.io/?EIO=3&transport=polling";
  constexpr const Protocol* kProtocols[] = {&socketio::kProtocol};
  const Bytes rest(data + 1, size - 1);
  const auto value = socketio::parameter(as_text(rest), "EIO");
  fuzz::require(!value || value->size() < rest.size());
  fuzz::play(rest, world, kProtocols, "socketio", &exchange, {});
  return 0;
}
