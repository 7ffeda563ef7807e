// Key logs: what is a line, what is kept of it, and where it ends.
#include "dissect/key_log.h"

#include <gtest/gtest.h>

#include <string>

#include "dissect/secrets.h"

namespace wirelens {
namespace {

const std::string kRandom = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
const std::string kMaster(96, '7');
const std::string kTraffic(64, 'c');

std::vector<std::uint8_t> random() {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 32; ++i) bytes.push_back(static_cast<std::uint8_t>(i % 16 * 17));
  return bytes;
}

KeyLog log_of(std::string_view text) {
  KeyLog log;
  log.add(text);
  return log;
}

TEST(KeyLog, KnowsEveryLabel) {
  struct Case {
    const char* label;
    SecretKind kind;
    const std::string& secret;
  };
  for (const Case& each :
       {Case{"CLIENT_RANDOM", SecretKind::master, kMaster},
        Case{"PMS_CLIENT_RANDOM", SecretKind::premaster, kMaster},
        Case{"CLIENT_EARLY_TRAFFIC_SECRET", SecretKind::client_early, kTraffic},
        Case{"CLIENT_HANDSHAKE_TRAFFIC_SECRET", SecretKind::client_handshake, kTraffic},
        Case{"SERVER_HANDSHAKE_TRAFFIC_SECRET", SecretKind::server_handshake, kMaster},
        Case{"CLIENT_TRAFFIC_SECRET_0", SecretKind::client_traffic, kTraffic},
        Case{"SERVER_TRAFFIC_SECRET_0", SecretKind::server_traffic, kMaster}}) {
    const KeyLog log = log_of(each.label + (" " + kRandom) + " " + each.secret + "\n");
    const Secret* found = log.find(each.kind, random());
    ASSERT_NE(found, nullptr) << each.label;
    EXPECT_EQ(found->size(), each.secret.size() / 2);
    EXPECT_EQ(log.tally().secrets, 1u);
    const SecretKind other =
        each.kind == SecretKind::master ? SecretKind::premaster : SecretKind::master;
    EXPECT_EQ(log.find(other, random()), nullptr);
  }
}

TEST(KeyLog, KnowsTheLinesOfRsa) {
  const KeyLog log = log_of("RSA 0011223344556677 " + kMaster + "\nRSA Session-ID:" + kRandom +
                            " Master-Key:" + kMaster + "\n");
  const std::vector<std::uint8_t> encrypted = {0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
  EXPECT_NE(log.find(SecretKind::encrypted_premaster, encrypted), nullptr);
  EXPECT_NE(log.find(SecretKind::session, random()), nullptr);
  EXPECT_EQ(log.tally().secrets, 2u);
}

TEST(KeyLog, TakesLinesAsTheyComeFromEverywhere) {
  const KeyLog log = log_of("# a remark\r\n\n\nCLIENT_RANDOM " + kRandom + "  " + kMaster +
                            "\r\nEXPORTER_SECRET " + kRandom + " " + kTraffic +
                            "\nCLIENT_TRAFFIC_SECRET_0 " + kRandom + " " + kTraffic);
  EXPECT_EQ(log.tally().secrets, 2u) << "the last line lacks its end";
  EXPECT_EQ(log.tally().ignored, 4u);
  EXPECT_EQ(log.tally().malformed, 0u);
}

TEST(KeyLog, CountsWhatIsNoLine) {
  const std::string bad[] = {"CLIENT_RANDOM",
                             "CLIENT_RANDOM " + kRandom,
                             "CLIENT_RANDOM " + kRandom + " " + kTraffic,
                             "CLIENT_RANDOM " + kRandom + " " + kMaster + " more",
                             "CLIENT_RANDOM " + kRandom.substr(2) + " " + kMaster,
                             "CLIENT_RANDOM " + kRandom + " " + std::string(96, 'g'),
                             "CLIENT_RANDOM " + kRandom + " " + std::string(95, '1'),
                             "CLIENT_TRAFFIC_SECRET_0 " + kRandom + " " + std::string(66, '1'),
                             "client_random " + kRandom + " " + kMaster,
                             "RSA 00 " + kMaster,
                             "RSA Session-ID:" + kRandom + " " + kMaster,
                             "RSA Session-ID:" + kRandom + "00 Master-Key:" + kMaster,
                             std::string(5000, 'A'),
                             std::string("\0\xff\x1b[2J", 6)};
  KeyLog log;
  for (const std::string& line : bad) log.add(line + "\n");
  EXPECT_EQ(log.tally().malformed, std::size(bad));
  EXPECT_TRUE(log.empty());
}

TEST(KeyLog, IsBounded) {
  KeyLog log(10);
  for (int i = 10; i < 99; ++i) {
    log.add("CLIENT_RANDOM " + std::to_string(i) + kRandom.substr(2) + " " + kMaster + "\n");
  }
  EXPECT_EQ(log.tally().secrets, 10u);
  EXPECT_EQ(log.tally().left_out, 79u);
  log.add("CLIENT_RANDOM 10" + kRandom.substr(2) + " " + std::string(96, '1') + "\n");
  EXPECT_EQ(log.tally().repeated, 1u);
}

TEST(Secrets, LookIntoBothLogs) {
  auto shared = std::make_shared<KeyLog>();
  shared->add("CLIENT_RANDOM " + kRandom + " " + kMaster + "\n");
  Secrets secrets(shared, {}, false);
  EXPECT_FALSE(secrets.empty());
  EXPECT_NE(secrets.find(SecretKind::master, random()), nullptr);
  EXPECT_EQ(secrets.find(SecretKind::client_traffic, random()), nullptr);
  secrets.add("CLIENT_TRAFFIC_SECRET_0 " + kRandom + " " + kTraffic + "\n");
  EXPECT_NE(secrets.find(SecretKind::client_traffic, random()), nullptr);
  EXPECT_TRUE(Secrets().empty());
}

}  // namespace
}  // namespace wirelens
