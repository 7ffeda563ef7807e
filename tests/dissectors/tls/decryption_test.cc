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
    while (co_await in.more()) {
      const std::size_t count = in.available().size();
      const std::optional<Bytes> bytes = co_await in.take(count);
      said_[index(in.from())] += hex(*bytes);
    }
  }
  std::array<std::string, 2> said_;
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

Told play_trace(const rfc8448::Trace& trace, std::string_view key_log, std::size_t skip = 999) {
  auto log = std::make_shared<KeyLog>();
  log->add(key_log);
  const Secrets secrets(log, {}, false);
  Shelf shelf;
  Setting setting;
  setting.dissect.secrets = &secrets;
  setting.dissect.shelf = &shelf;
  Script script;
  for (std::size_t i = 0; i < trace.steps.size(); ++i) {
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
    if (record["type"] == "heard") heard[record["from"]] = record["text"];
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
