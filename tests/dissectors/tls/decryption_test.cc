// Decryption end to end: RFC 8448's traces go in, what was said comes out.
#include "tls/decryption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "dissect/secrets.h"
#include "dissect/shelf.h"
#include "dissectors/tls/hex.h"
#include "dissectors/tls/rfc8448.h"
#include "support/dissect.h"
#include "support/tls_seal.h"
#include "tls/tls.h"

namespace wirelens::tls {
namespace {

using namespace wirelens::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What the plaintext was, as told by a protocol that takes all.
struct Heard {
  static constexpr std::string_view kName = "heard";
  static constexpr std::string_view kAbout = "Bytes of one direction.";
  Direction from = Direction::from_client;
  std::string_view text;

  static constexpr auto fields() {
    return std::tuple(field("from", &Heard::from, "who"), field("text", &Heard::text, "hex"));
  }
};

class Listener final : public Dissector {
 public:
  Dissection read(Context& context, Input& in) override { return listen(context, in); }
  Dissection resume(Context& context, Input& in) override { return listen(context, in); }
  void finish(Context& context) override {
    for (const Direction from : {Direction::from_client, Direction::from_server}) {
      if (!said_[index(from)].empty()) {
        context.emit(Timestamp{}, Heard{from, said_[index(from)]});
      }
    }
  }

 private:
  Dissection listen(Context& context, Input& in) {
    EXPECT_TRUE(context.secure());
    std::uint64_t& heard = heard_[index(in.from())];
    if (in.position() > heard) {
      said_[index(in.from())] += "(" + std::to_string(in.position() - heard) + ")";
    }
    heard = in.position();
    while (co_await in.more()) {
      const std::size_t count = in.available().size();
      const std::optional<Bytes> bytes = co_await in.take(count);
      said_[index(in.from())] += hex(*bytes);
      heard = in.position();
    }
  }
  std::array<std::string, 2> said_;  // with the sizes of holes in parentheses
  std::array<std::uint64_t, 2> heard_{};
};

const EventType* const kHeard[] = {&kEventType<Heard>};
const Protocol kListener = {
    "listener", Transport::tcp,
    [](Direction, Bytes first) {
      return first.empty() || first[0] == 0x16 || first[0] == 0x17 ? Fit::no : Fit::certain;
    },
    [](Context& context, Conversation&) {
      return std::unique_ptr<Dissector>(new (context.memory()) Listener);
    },
    kHeard};

struct Told {
  nlohmann::json session;
  std::map<std::string, std::string> heard;
  std::vector<std::string> flaws;
};

/// `skip`: a step that the capture lacks; `from`: the step that it begins with.
Told play_trace(const rfc8448::Trace& trace, std::string_view key_log, std::size_t skip = 999,
                std::size_t from = 0) {
  auto log = std::make_shared<KeyLog>();
  log->add(key_log);
  const Secrets secrets(log, {}, false);
  Shelf shelf;
  Setting setting;
  setting.dissect.secrets = &secrets;
  setting.dissect.shelf = &shelf;
  setting.midstream = from > 0;
  Script script;
  for (std::size_t i = from; i < trace.steps.size(); ++i) {
    const auto bytes = unhex(trace.steps[i].hex);
    if (i == skip) {
      script.gap(trace.steps[i].from, bytes.size());
    } else {
      script.say(trace.steps[i].from, as_text(bytes));
    }
  }
  script.end();
  const Protocol* const protocols[] = {&kProtocol, &kListener};
  const auto whole = play_lines(script, protocols, setting);
  Cuts every;
  for (std::size_t i = 1; i < script.size(); ++i) every.insert(i);
  EXPECT_EQ(play_lines(script, protocols, setting, every), whole);
  Told told;
  for (const std::string& line : whole) {
    const auto record = nlohmann::json::parse(line);
    if (record["type"] == "tls") told.session = record;
    if (record["type"] == "heard") told.heard[record["from"]] = record["text"];
    if (record["type"] == "flaw") told.flaws.push_back(record["name"]);
  }
  return told;
}

std::string counting() {
  std::string text;
  for (unsigned i = 0; i < 50; ++i) text += hex(std::vector<std::uint8_t>{std::uint8_t(i)});
  return text;
}

TEST(Rfc8448, Simple) {
  const Told told = play_trace(rfc8448::kSimple, rfc8448::kSimple.key_log);
  EXPECT_THAT(told.flaws, IsEmpty());
  EXPECT_EQ(told.session["decrypted"], true);
  EXPECT_EQ(told.session["cipher"], "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(told.session["certificates"][0]["subject"], "CN=rsa");
  EXPECT_EQ(told.session["certificates"][0]["key"], "RSA 1024");
  EXPECT_EQ(told.heard.at("client"), counting());
  EXPECT_EQ(told.heard.at("server"), counting());
}

TEST(Rfc8448, ResumedWithEarlyData) {
  const Told told = play_trace(rfc8448::kResumed, rfc8448::kResumed.key_log);
  EXPECT_THAT(told.flaws, IsEmpty());
  EXPECT_EQ(told.session["early_data"], "accepted");
  EXPECT_EQ(told.heard.at("client"), "414243444546" + counting());
  EXPECT_EQ(told.heard.at("server"), counting());
}

TEST(Rfc8448, Retried) {
  const Told told = play_trace(rfc8448::kRetried, rfc8448::kRetried.key_log);
  EXPECT_THAT(told.flaws, IsEmpty());
  EXPECT_EQ(told.session["retried"], true);
  EXPECT_EQ(told.session["certificates"][0]["subject"], "CN=rsa");
}

TEST(Rfc8448, ClientAuthenticated) {
  const auto& trace = rfc8448::kClientAuthenticated;
  const Told told = play_trace(trace, trace.key_log);
  EXPECT_THAT(told.flaws, IsEmpty());
  EXPECT_EQ(told.session["client_certificate_requested"], true);
  EXPECT_EQ(told.session["client_certificates"][0]["subject"], "CN=client");
}

TEST(Rfc8448, InCompatibilityMode) {
  const Told told = play_trace(rfc8448::kCompatible, rfc8448::kCompatible.key_log);
  EXPECT_THAT(told.flaws, IsEmpty());
  EXPECT_EQ(told.session["decrypted"], true);
  EXPECT_EQ(told.session["established"], true);
}

TEST(Decryption, WithoutTheEarlySecretGoesOnAfterwards) {
  std::string_view log = rfc8448::kResumed.key_log;
  log.remove_prefix(log.find('\n') + 1);
  const Told told = play_trace(rfc8448::kResumed, log);
  EXPECT_EQ(told.session["decrypted"], true);
  EXPECT_EQ(told.heard.at("server"), counting());
}

TEST(Decryption, BehindAHoleFindsItsPlace) {
  // The NewSessionTicket is lost: the server's data is the second record under its keys.
  const auto& trace = rfc8448::kSimple;
  ASSERT_EQ(trace.steps[4].from, Direction::from_server);
  const Told told = play_trace(trace, trace.key_log, 4);
  EXPECT_EQ(told.heard.at("server"), counting());
  EXPECT_EQ(told.heard.at("client"), counting());
}

/// What a hole took from who reads inside: the content of its records, to the byte.
TEST(Decryption, SaysHowMuchAHoleTook) {
  const auto& trace = rfc8448::kSimple;
  auto log = std::make_shared<KeyLog>();
  log->add(trace.key_log);
  const Secrets secrets(log, {}, false);
  Setting setting;
  setting.dissect.secrets = &secrets;
  const Protocol* const protocols[] = {&kProtocol, &kListener};
  constexpr std::size_t kContent = 100, kRecord = 5 + kContent + 1 + 16;
  for (std::size_t from = 3 * kRecord; from < 5 * kRecord; from += 7) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{60}, kRecord, 3 * kRecord + 11}) {
      TlsSeal seal(
          Secret(unhex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643")));
      Script script;
      for (std::size_t i = 0; i < 4; ++i) {
        script.say(trace.steps[i].from, as_text(unhex(trace.steps[i].hex)));
      }
      std::string said;
      for (char each = 'a'; each < 'a' + 12; ++each) {
        said += seal.seal(23, std::string(kContent, each));
      }
      script.server(said.substr(0, from)).gap(Direction::from_server, size);
      script.server(said.substr(from + size)).end();
      const std::size_t first = from / kRecord, last = (from + size - 1) / kRecord;
      std::string expected;
      for (std::size_t i = 0; i < 12; ++i) {
        const auto letter = static_cast<std::uint8_t>('a' + i);
        if (i == first) expected += "(" + std::to_string((last - first + 1) * kContent) + ")";
        if (i < first || i > last) expected += hex(std::vector<std::uint8_t>(kContent, letter));
      }
      for (const std::string& line : play_lines(script, protocols, setting)) {
        const auto record = nlohmann::json::parse(line);
        if (record["type"] != "heard") continue;
        EXPECT_EQ(record["text"], expected) << from << ' ' << size;
      }
    }
  }
}

TEST(Decryption, WithoutSecretsIsNone) {
  const Told told = play_trace(rfc8448::kSimple, "");
  EXPECT_EQ(told.session["decrypted"], false);
  EXPECT_EQ(told.session["verification"], "not_observable");
  EXPECT_TRUE(told.heard.empty());
}

TEST(Decryption, ByOtherSecretsFailsAndIsToldSo) {
  std::string log(rfc8448::kSimple.key_log);
  for (std::size_t at = 0; (at = log.find('\n', at)) != std::string::npos; ++at) {
    log[at - 1] = log[at - 1] == '0' ? '1' : '0';
  }
  const Told told = play_trace(rfc8448::kSimple, log);
  EXPECT_THAT(told.flaws, ::testing::Contains("tls.decryption_failed"));
  EXPECT_TRUE(told.heard.empty());
}

/// Sessions that have nothing to do with any trace.
std::string other_sessions(unsigned count) {
  std::string log;
  for (unsigned i = 0; i < count; ++i) {
    const std::uint8_t high(i >> 8 & 255), low(i & 255);
    std::vector<std::uint8_t> random(32, 0x77), secret(i % 3 == 0 ? 48 : 32, 0x55);
    random[0] = secret[0] = high;
    random[1] = secret[1] = low;
    for (const char* side : {"CLIENT", "SERVER"}) {
      log += std::string(side) + "_TRAFFIC_SECRET_0 " + hex(random) + " " + hex(secret) + "\n";
    }
  }
  return log;
}

TEST(DecryptionFromTheMiddle, FindsTheSessionAmongMany) {
  const auto& trace = rfc8448::kSimple;
  const std::string log =
      other_sessions(100) + std::string(trace.key_log) + "\n" + other_sessions(300);
  // From the server's flight, the client's Finished, a ticket, or the data on.
  for (const std::size_t from : {2u, 3u, 4u, 5u}) {
    const Told told = play_trace(trace, log, 999, from);
    EXPECT_THAT(told.flaws, IsEmpty()) << from;
    EXPECT_EQ(told.session["version"], "TLS 1.3");
    EXPECT_EQ(told.session["cipher"], "TLS_AES_128_GCM_SHA256");
    EXPECT_EQ(told.session["handshake_seen"], false);
    EXPECT_EQ(told.session["established"], true);
    EXPECT_EQ(told.session["decrypted"], true);
    EXPECT_GT(told.session["secrets_tried"], 100) << from;
    EXPECT_EQ(told.heard.at("client"), counting()) << from;
    EXPECT_EQ(told.heard.at("server"), counting()) << from;
  }
}

TEST(DecryptionFromTheMiddle, WithoutTheSecretSaysNothing) {
  const Told told = play_trace(rfc8448::kSimple, other_sessions(20), 999, 4);
  EXPECT_THAT(told.flaws, IsEmpty());
  EXPECT_TRUE(told.session.is_null());
  EXPECT_TRUE(told.heard.empty());
}

TEST(DecryptionFromTheMiddle, AHandshakeThatWasSeenDecides) {
  // Its own secrets are not in the log: no others are tried.
  const Told told = play_trace(rfc8448::kSimple, other_sessions(20));
  EXPECT_FALSE(told.session.contains("handshake_seen"));
  EXPECT_EQ(told.session["decrypted"], false);
}

/// What may be spent is spent, and no more: on a record late in a capture that is little.
TEST(DecryptionFromTheMiddle, TakesItsTime) {
  const std::string right(32, 'A');
  const std::string log = "CLIENT_TRAFFIC_SECRET_0 " + hex(std::vector<std::uint8_t>(32, 'R')) +
                          " " + hex(std::vector<std::uint8_t>(right.begin(), right.end())) + "\n" +
                          other_sessions(10);
  Secrets secrets(nullptr, {}, false);
  secrets.add(log);
  Shelf shelf;
  Setting setting;
  setting.dissect.secrets = &secrets;
  setting.dissect.shelf = &shelf;
  setting.midstream = true;
  RecordingContext context(setting);
  const Protocol* const protocols[] = {&kProtocol, &kListener};
  Conversation conversation(protocols, context.memory());
  TlsSeal client{Secret(as_bytes(right))};
  for (int i = 0; i < 5000; ++i) client.skip();
  std::uint64_t packet = 10'000'000;
  const auto say = [&](std::uint8_t type, std::string_view content) {
    const Stamp stamp{++packet, {}};
    context.at(stamp);
    conversation.data(context, Direction::from_client, as_bytes(client.seal(type, content)), stamp);
  };
  // Eleven sessions, two at a record, and the right one is the oldest.
  for (const char* text : {"1", "2", "3", "4", "5", "6", "7"}) say(23, text);
  say(22, std::string("\x18\0\0\1\0", 5));  // KeyUpdate
  client.update();
  say(23, "8");
  conversation.finish(context, {++packet, {}});
  std::string heard;
  nlohmann::json session;
  for (const std::string& line : context.lines()) {
    const auto record = nlohmann::json::parse(line);
    if (record["type"] == "heard") heard = record["text"];
    if (record["type"] == "tls") session = record;
    EXPECT_NE(record["type"], "flaw") << line;
  }
  EXPECT_EQ(heard, "363738");
  EXPECT_EQ(session["secrets_tried"], 11);
}

/// The trace with a key log that grows: `when` steps have gone by when it gets its lines. `lines`
/// is empty for all.
std::map<std::string, std::string> play_late(const rfc8448::Trace& trace, std::size_t when,
                                             std::string_view only = {}) {
  std::string log;
  std::istringstream lines{std::string(trace.key_log)};
  for (std::string line; std::getline(lines, line);) {
    if (line.find(only) != line.npos) log += line + "\n";
  }
  Secrets secrets(nullptr, {}, true);
  Shelf shelf;
  Setting setting;
  setting.dissect.secrets = &secrets;
  setting.dissect.shelf = &shelf;
  RecordingContext context(setting);
  const Protocol* const protocols[] = {&kProtocol, &kListener};
  {
    Conversation conversation(protocols, context.memory());
    for (std::size_t i = 0; i < trace.steps.size(); ++i) {
      if (i == when) secrets.add(log);
      const auto bytes = unhex(trace.steps[i].hex);
      conversation.data(context, trace.steps[i].from, bytes, {i + 1, {}});
      EXPECT_FALSE(conversation.opaque()) << "keys may still come";
    }
    conversation.finish(context, {});
  }
  std::map<std::string, std::string> heard;
  for (const std::string& line : context.lines()) {
    const auto record = nlohmann::json::parse(line);
    if (record["type"] == "heard") {
      // Behind a hole: how much went by before there were keys is not known.
      const std::string text = record["text"];
      heard[record["from"]] = text.substr(text.find(')') + 1);
    }
    EXPECT_NE(record["type"], "flaw") << line;
  }
  return heard;
}

TEST(Decryption, ByKeysThatComeBehindTheHandshake) {
  const auto& trace = rfc8448::kSimple;
  for (std::size_t when = 0; when <= 4; ++when) {
    const auto heard = play_late(trace, when);
    EXPECT_EQ(heard.at("client"), counting()) << when;
    EXPECT_EQ(heard.at("server"), counting()) << when;
  }
}

TEST(Decryption, ByKeysThatComeAmongTheDataOpensTheRest) {
  const auto& trace = rfc8448::kSimple;
  ASSERT_EQ(trace.steps[5].from, Direction::from_client);
  const auto heard = play_late(trace, 6);  // the client has said all that it has to say
  EXPECT_FALSE(heard.contains("client"));
  EXPECT_EQ(heard.at("server"), counting());
}

TEST(Decryption, ByTrafficSecretsAlone) {
  const auto heard = play_late(rfc8448::kSimple, 4, "_TRAFFIC_SECRET_0");
  EXPECT_EQ(heard.at("client"), counting());
  EXPECT_EQ(heard.at("server"), counting());
}

}  // namespace
}  // namespace wirelens::tls
