// Frames and handshakes made by hand.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "http1/http1.h"
#include "support/dissect.h"
#include "websocket/websocket.h"

namespace wirelens::websocket {

inline constexpr const Protocol* kProtocols[] = {&http1::kProtocol, &kProtocol};

/// Header fields of a frame as one writes them down.
struct Frame {
  int opcode = 1;
  std::string payload = {};
  bool final = true;
  int reserved = 0;  // 4 is RSV1
  bool masked = false;
};

inline std::string wire(const Frame& frame) {
  std::string out;
  out.push_back(static_cast<char>((frame.final ? 0x80 : 0) | frame.reserved << 4 | frame.opcode));
  const std::size_t size = frame.payload.size();
  const int mask = frame.masked ? 0x80 : 0;
  if (size < 126) {
    out.push_back(static_cast<char>(mask | static_cast<int>(size)));
  } else {
    out.push_back(static_cast<char>(mask | (size <= 0xffff ? 126 : 127)));
    for (int shift = size <= 0xffff ? 8 : 56; shift >= 0; shift -= 8) {
      out.push_back(static_cast<char>(size >> shift & 0xff));
    }
  }
  if (!frame.masked) return out + frame.payload;
  const std::string key = "\x37\xfa\x21\x3d";
  out += key;
  for (std::size_t i = 0; i < size; ++i) {
    out.push_back(static_cast<char>(frame.payload[i] ^ key[i % 4]));
  }
  return out;
}
inline std::string by_client(std::string_view text, int opcode = 1) {
  return wire({.opcode = opcode, .payload = std::string(text), .masked = true});
}
inline std::string by_server(std::string_view text, int opcode = 1) {
  return wire({.opcode = opcode, .payload = std::string(text)});
}

/// The handshake of RFC 6455 section 1.3, with more header lines.
inline std::string ask(std::string_view more = "") {
  return "GET /chat HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         std::string(more) + "\r\n";
}
inline std::string accept(std::string_view more = "",
                          std::string_view key = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         std::string(key) + "\r\n" + std::string(more) + "\r\n";
}
inline const std::string kOffer =
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
inline const std::string kDeflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

inline testing::Script opened(std::string_view agreed = "") {
  testing::Script script;
  script.client(ask(agreed.empty() ? "" : kOffer)).server(accept(agreed));
  return script;
}

/// One side that compresses, by zlib.
class Deflater {
 public:
  explicit Deflater(int bits = 15, bool takeover = true) : takeover_(takeover) {
    deflateInit2(&stream_, 6, Z_DEFLATED, -bits, 8, Z_DEFAULT_STRATEGY);
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  std::string operator()(std::string_view text) {
    if (!takeover_) deflateReset(&stream_);
    std::string out(text.size() + 1024, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    deflate(&stream_, Z_SYNC_FLUSH);
    out.resize(out.size() - stream_.avail_out - 4);
    return out;
  }

 private:
  z_stream stream_{};
  bool takeover_;
};

}  // namespace wirelens::websocket
