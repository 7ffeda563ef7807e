// fuzz/websocket_fuzz.cc - frames of both sides, after a handshake and without one, compressed and
// not, with Socket.IO inside.
#include <array>

#include "fuzz/stream_fuzz.h"
#include "socketio/socketio.h"
#include "websocket/websocket.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirelens;
  if (size == 0) return 0;
  const std::uint8_t choice = data[0];
  fuzz::World world({.midstream = (choice & 1) != 0, .show_secrets = (choice & 2) != 0});
  constexpr std::array<std::string_view, 4> kAgreed = {
      "", "permessage-deflate", "permessage-deflate; server_no_context_takeover",
      "permessage-deflate; client_max_window_bits=9, x-other; a=\"b\""};
  const std::array<HeaderField, 1> answered = {
      HeaderField("Sec-WebSocket-Extensions", kAgreed[choice >> 2 & 3])};
  Exchange exchange;
  exchange.status = 101;
  exchange.path = (choice & 0x10) != 0 ? "/socket.io/?EIO=4&transport=websocket" : "/chat";
  exchange.response_headers = answered;
  constexpr const Protocol* kProtocols[] = {&websocket::kProtocol, &socketio::kProtocol};
  // Two streams of a ratio of 1,000, and what is kept of them.
  const fuzz::Bounds bounds = {
      .work_per_slice = 1u << 20, .work_per_byte = 8192, .records_per_byte = 4};
  fuzz::run({data + 1, size - 1}, world, kProtocols,
            {"websocket", (choice & 0x20) != 0 ? nullptr : &exchange}, bounds);
  return 0;
}
