// fuzz/tls_decryption_fuzz.cc - any plaintext behind TLS 1.3, sealed under the keys of a fixed log.
//
// Input: a byte of choices (1: the log comes only after as many operations as the next byte says;
// 2: the handshake is not seen), that byte, then operations of two bytes, [who, what,
// type][length], and their content. The hellos are given; keys change as the messages say. So what
// authentic records can hold is reached: handshake messages in any order, compressed certificates,
// key updates, alerts, data; beside records that do not open, and holes.
#include "dissect/secrets.h"
#include "dissect/shelf.h"
#include "fuzz/stream_fuzz.h"
#include "support/tls_seal.h"
#include "tls/message_stream.h"
#include "tls/tls.h"

namespace wirelens {
namespace {

constexpr std::array<std::string_view, 4> kLabels = {
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0"};

/// The secret of kLabels[which]: 32 times 'A' + which.
Secret secret(std::size_t which) {
  return Secret(as_bytes(std::string(32, static_cast<char>('A' + which))));
}
/// The client's random is 32 times 'R'.
std::string key_log() {
  std::string log, random;
  for (int i = 0; i < 32; ++i) random += "52";
  for (std::size_t i = 0; i < kLabels.size(); ++i) {
    log += std::string(kLabels[i]) + " " + random + " ";
    for (int j = 0; j < 32; ++j) log += "4" + std::to_string(i + 1);
    log += "\n";
  }
  return log;
}

std::string client_hello() {
  const std::string body = std::string("\3\3", 2) + std::string(32, 'R') +
                           std::string("\0\0\2\x13\1\1\0\0\x07\0\x2b\0\3\2\3\4", 16);
  return std::string("\x16\3\1\0", 4) + static_cast<char>(body.size() + 4) +
         std::string("\1\0\0", 3) + static_cast<char>(body.size()) + body;
}
std::string server_hello() {
  const std::string body = std::string("\3\3", 2) + std::string(32, 'S') +
                           std::string("\0\x13\1\0\0\6\0\x2b\0\2\3\4", 12);
  return std::string("\x16\3\3\0", 4) + static_cast<char>(body.size() + 4) +
         std::string("\2\0\0", 3) + static_cast<char>(body.size()) + body;
}

class Session {
 public:
  explicit Session(bool from_middle) {
    if (from_middle) seals_ = {testing::TlsSeal(secret(2)), testing::TlsSeal(secret(3))};
  }

  /// One operation; how many bytes of `input` it took.
  std::size_t operate(Conversation& conversation, fuzz::World& world, Bytes input) {
    const std::uint8_t what = input[0];
    const std::size_t length = std::min<std::size_t>(input[1], input.size() - 2);
    const std::string_view content = as_text(input.subspan(2, length));
    const std::size_t end = what & 1;
    const Direction from = end == 0 ? Direction::from_client : Direction::from_server;
    world.stamp.packet++;
    const auto type = static_cast<std::uint8_t>(20 + (what >> 5) % 5);
    std::string record = seals_[end].seal(type, content);
    if ((what & 2) != 0) record[record.size() / 2] ^= 1;
    if ((what & 4) != 0) {
      conversation.gap(world, from, record.size(), world.stamp);
    } else if ((what & 8) != 0) {
      const auto cut = std::min<std::size_t>(record.size(), 3 + length % 7);
      conversation.data(world, from, as_bytes(record).first(cut), world.stamp);
      conversation.data(world, from, as_bytes(record).subspan(cut), world.stamp);
    } else {
      conversation.data(world, from, as_bytes(record), world.stamp);
    }
    if (type == 22 && !content.empty()) change_keys(end, static_cast<std::uint8_t>(content[0]));
    return 2 + length;
  }

 private:
  void change_keys(std::size_t end, std::uint8_t message) {
    if (message == 24) seals_[end].update();
    if (message == 20) seals_[end] = testing::TlsSeal(secret(2 + end));
  }
  std::array<testing::TlsSeal, 2> seals_{testing::TlsSeal(secret(0)), testing::TlsSeal(secret(1))};
};

void run(Bytes input) {
  const bool late = (input[0] & 1) != 0;
  const std::size_t when = late ? input[1] : 0;
  Secrets secrets(nullptr, {}, true);
  Shelf shelf;
  fuzz::World world({}, &secrets, &shelf);
  constexpr std::size_t kMost = 8 * tls::kMaxMessage + 4 * Input::kMaxHeld + (1u << 20);
  {
    const Protocol* const protocols[] = {&tls::kProtocol};
    Conversation conversation(protocols, world.memory());
    if (when == 0) secrets.add(key_log());
    const bool from_middle = (input[0] & 2) != 0;
    if (!from_middle) {
      conversation.data(world, Direction::from_client, as_bytes(client_hello()), world.stamp);
      conversation.data(world, Direction::from_server, as_bytes(server_hello()), world.stamp);
    }
    Session session(from_middle);
    input = input.subspan(2);
    for (std::size_t count = 1; input.size() >= 2; ++count) {
      if (count == when) secrets.add(key_log());
      input = input.subspan(session.operate(conversation, world, input));
      fuzz::require(world.ledger().total() <= kMost);
    }
    conversation.finish(world, world.stamp);
  }
  fuzz::require(world.ledger().total() == 0);
}

}  // namespace
}  // namespace wirelens

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size >= 2) wirelens::run({data, size});
  return 0;
}
