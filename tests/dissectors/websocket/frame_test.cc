// Frame headers, unmasking, the accept value and the parameters of extensions.
#include "websocket/frame.h"

#include <gtest/gtest.h>

#include "support/packets.h"
#include "websocket/handshake.h"

namespace wirelens::websocket {
namespace {

FrameHeader header_of(std::string_view hex) {
  const Octets bytes = from_hex(hex);
  EXPECT_EQ(header_length(bytes), bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t length = header_length(Bytes(bytes).first(i));
    EXPECT_TRUE(length == 0 || length == bytes.size()) << i;
  }
  return parse_header(bytes);
}

// RFC 6455 section 5.7.
TEST(WebSocketFrame, ExamplesOfTheRfc) {
  const FrameHeader hello = header_of("81 05");
  EXPECT_TRUE(hello.final);
  EXPECT_EQ(hello.opcode, Opcode::text);
  EXPECT_EQ(hello.length, 5u);
  EXPECT_FALSE(hello.masked);

  const FrameHeader masked = header_of("81 85 37 fa 21 3d");
  EXPECT_TRUE(masked.masked);
  const Octets payload = from_hex("7f 9f 4d 51 58");
  std::string clear(5, '\0');
  unmask(payload, masked.mask, 0, reinterpret_cast<std::uint8_t*>(clear.data()));
  EXPECT_EQ(clear, "Hello");

  EXPECT_FALSE(header_of("01 03").final);
  EXPECT_EQ(header_of("80 02").opcode, Opcode::continuation);
  EXPECT_EQ(header_of("89 05").opcode, Opcode::ping);
  EXPECT_EQ(header_of("82 7e 01 00").length, 256u);
  EXPECT_EQ(header_of("82 7f 00 00 00 00 00 01 00 00").length, 65536u);
}

TEST(WebSocketFrame, LengthsAreMinimalAndPossible) {
  EXPECT_TRUE(header_of("82 7e 00 7e").minimal);
  EXPECT_FALSE(header_of("82 7e 00 7d").minimal);
  EXPECT_FALSE(header_of("82 7f 00 00 00 00 00 00 ff ff").minimal);
  EXPECT_TRUE(header_of("82 7f 7f ff ff ff ff ff ff ff").possible());
  EXPECT_FALSE(header_of("82 7f 80 00 00 00 00 00 00 00").possible());
}

TEST(WebSocketFrame, ReservedBitsAndOpcodes) {
  EXPECT_TRUE(header_of("c1 00").compressed());
  EXPECT_EQ(header_of("b1 00").reserved, 3);
  EXPECT_FALSE(is_known(header_of("83 00").opcode));
  EXPECT_FALSE(is_known(header_of("8b 00").opcode));
  EXPECT_EQ(name_of(header_of("8f 00").opcode), "reserved");
}

TEST(WebSocketFrame, UnmasksAnyLengthFromAnyOffset) {
  const Mask mask = {0x01, 0x02, 0x80, 0xff};
  Octets bytes(300);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  for (std::size_t size = 0; size < 200; ++size) {
    for (std::uint64_t offset = 0; offset < 5; ++offset) {
      // A block of its own, so that AddressSanitizer sees where it ends.
      const Octets in(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      Octets out(size);
      unmask(in, mask, offset, out.data());
      for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(out[i], in[i] ^ mask[(i + offset) % 4]);
      Octets place = in;
      unmask(place, mask, offset, place.data());
      ASSERT_EQ(place, out);
    }
  }
}

std::string accept_of(std::string_view key) {
  char accept[28];
  accept_for(key, accept);
  return std::string(accept, sizeof accept);
}

// RFC 6455 section 1.3.
TEST(WebSocketHandshake, AcceptOfTheRfc) {
  EXPECT_EQ(accept_of("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

struct Offer {
  std::string request;
  std::string response;
  std::vector<HeaderField> asked = {};
  std::vector<HeaderField> answered = {};

  Exchange exchange() {
    asked = {{"Sec-WebSocket-Extensions", request}};
    answered = {{"sec-websocket-extensions", response}};
    Exchange exchange;
    exchange.status = 200;
    exchange.request_headers = asked;
    exchange.response_headers = answered;
    return exchange;
  }
};

TEST(WebSocketHandshake, ParametersOfEachSide) {
  Offer offer{"permessage-deflate; client_max_window_bits",
              "permessage-deflate; server_no_context_takeover ; client_max_window_bits=\"10\""};
  const Exchange exchange = offer.exchange();
  Handshake handshake(*std::pmr::new_delete_resource());
  handshake.read(exchange, [](const Flaw& flaw, Direction) { ADD_FAILURE() << flaw.name; });
  const Compression& server = handshake.compression(Direction::from_server);
  EXPECT_TRUE(server.agreed);
  EXPECT_FALSE(server.context_takeover);
  EXPECT_EQ(server.window_bits, 15);
  const Compression& client = handshake.compression(Direction::from_client);
  EXPECT_TRUE(client.context_takeover);
  EXPECT_EQ(client.window_bits, 10);
  ASSERT_EQ(handshake.extensions().size(), 1u);
  ASSERT_EQ(handshake.extensions()[0].parameters.size(), 2u);
  EXPECT_EQ(handshake.extensions()[0].parameters[0].value, std::nullopt);
  EXPECT_EQ(handshake.extensions()[0].parameters[1].name, "client_max_window_bits");
  EXPECT_EQ(handshake.extensions()[0].parameters[1].value, "10");
}

TEST(WebSocketHandshake, ExtensionThatNobodyOffered) {
  Offer offer{"permessage-deflate", "x-own; a=\"1,2;3\"; b, permessage-deflate"};
  const Exchange exchange = offer.exchange();
  Handshake handshake(*std::pmr::new_delete_resource());
  std::vector<std::string_view> flaws;
  handshake.read(exchange, [&](const Flaw& flaw, Direction) { flaws.push_back(flaw.name); });
  EXPECT_EQ(flaws, std::vector<std::string_view>{"websocket.extension_not_offered"});
  ASSERT_EQ(handshake.extensions().size(), 2u);
  EXPECT_EQ(handshake.extensions()[0].parameters[0].value, "1,2;3");
  EXPECT_TRUE(handshake.other_extensions());
}

TEST(WebSocketHandshake, KeepsAtMostItsCaps) {
  std::string list;
  for (int i = 0; i < 100; ++i) list += "x" + std::to_string(i) + ";a;b;c;d;e;f;g;h,";
  Offer offer{list, list};
  const Exchange exchange = offer.exchange();
  Handshake handshake(*std::pmr::new_delete_resource());
  handshake.read(exchange, [](const Flaw&, Direction) {});
  EXPECT_EQ(handshake.extensions().size(), kMaxExtensions);
  std::size_t parameters = 0;
  for (const Extension& each : handshake.extensions()) parameters += each.parameters.size();
  EXPECT_EQ(parameters, kMaxParameters);
}

}  // namespace
}  // namespace wirelens::websocket
