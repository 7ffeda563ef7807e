// Handshakes from outside: what each record tells, however the stream is cut.
#include "tls/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "all.h"
#include "support/dissect.h"
#include "support/tls_bytes.h"

namespace wirelens::tls {
namespace {

using namespace wirelens::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The one `tls` record of a conversation.
nlohmann::json session(const Script& script) {
  const Records found = of_type(play_in_every_cut(script, kProtocol), "tls");
  EXPECT_EQ(found.size(), 1u);
  return found.empty() ? nlohmann::json() : found.front();
}
nlohmann::json quick_session(const Script& script, const Setting& setting = {}) {
  const Records found = of_type(play(script, kProtocol, setting), "tls");
  EXPECT_EQ(found.size(), 1u);
  return found.empty() ? nlohmann::json() : found.front();
}
/// "c client_hello, s server_hello, ..."
std::string steps(const nlohmann::json& record) {
  std::string out;
  for (const auto& step : record["messages"]) {
    if (!out.empty()) out += ", ";
    out += step["from"].get<std::string>().substr(0, 1) + " " + step["message"].get<std::string>();
  }
  return out;
}
std::string alerts(const nlohmann::json& record) {
  std::string out;
  for (const auto& alert : record.value("alerts", nlohmann::json::array())) {
    if (!out.empty()) out += ", ";
    out += alert["from"].get<std::string>().substr(0, 1) + " " + alert.value("level", "encrypted") +
           " " + alert.value("description", "");
  }
  return out;
}

Script full12() {
  return Script()
      .client(client_hello_record({.alpn = {"h2", "http/1.1"}}))
      .server(server_flight12({.alpn = "h2", .more = {{23, ""}, {0xff01, number8(0)}}}))
      .client(client_flight12())
      .server(server_finish12());
}

TEST(Tls, FullHandshakeOfTls12) {
  const auto record = session(full12().client(tls_opaque(kDataRecord, 100)).end());
  EXPECT_EQ(record["version"], "TLS 1.2");
  EXPECT_EQ(record["client_versions"], nlohmann::json({"TLS 1.2"}));
  EXPECT_EQ(record["cipher"], "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  EXPECT_EQ(record["group"], "secp256r1");
  EXPECT_EQ(record["signature"], "rsa_pss_rsae_sha256");
  EXPECT_EQ(record["server_name"], "shop.test");
  EXPECT_EQ(record["alpn"], "h2");
  EXPECT_EQ(record["established"], true);
  EXPECT_EQ(record["resumed"], false);
  EXPECT_EQ(record["extended_master_secret"], true);
  EXPECT_EQ(record["secure_renegotiation"], true);
  EXPECT_EQ(record["certificate_count"], 2);
  EXPECT_EQ(record["decrypted"], false);
  EXPECT_NEAR(record["handshake_time"].get<double>(), 0.03, 1e-9);
  EXPECT_EQ(steps(record),
            "c client_hello, s server_hello, s certificate, s server_key_exchange, "
            "s server_hello_done, c client_key_exchange, c change_cipher_spec, c finished, "
            "s change_cipher_spec, s finished");
}

TEST(Tls, RecordComesWhenTheHandshakeIsDone) {
  // No end: what was written was written at the Finished.
  RecordingContext context({});
  const Protocol* const protocols[] = {&kProtocol};
  Conversation conversation(protocols, context.memory());
  const Script script = full12();
  for (const Step& step : script.steps()) {
    EXPECT_THAT(context.lines(), IsEmpty());
    conversation.data(context, step.from, as_bytes(step.text), {});
  }
  EXPECT_EQ(context.lines().size(), 1u);
  EXPECT_TRUE(conversation.opaque());
  EXPECT_EQ(context.server_name(), "shop.test");
}

Script full13(const std::vector<TlsExtension>& more = {}) {
  return Script()
      .client(client_hello_record({.versions = {0x0304, 0x0303}, .more = more}))
      .server(tls_record(kHandshakeRecord, tls_message(2, server_hello13())) +
              tls_change_cipher_spec() + tls_opaque(kDataRecord, 40) +
              tls_opaque(kDataRecord, 900) + tls_opaque(kDataRecord, 53));
}

TEST(Tls, FullHandshakeOfTls13) {
  const auto record =
      session(full13().client(tls_change_cipher_spec() + tls_opaque(kDataRecord, 53)).end());
  EXPECT_EQ(record["version"], "TLS 1.3");
  EXPECT_EQ(record["client_versions"], nlohmann::json({"TLS 1.3", "TLS 1.2"}));
  EXPECT_EQ(record["cipher"], "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(record["group"], "x25519");
  EXPECT_EQ(record["established"], true);
  EXPECT_EQ(record["resumed"], false);
  EXPECT_EQ(record["verification"], "not_observable");
  EXPECT_FALSE(record.contains("certificate_count"));
  EXPECT_EQ(steps(record),
            "c client_hello, s server_hello, s change_cipher_spec, s encrypted, "
            "c change_cipher_spec, c encrypted");
}

TEST(Tls, EncryptedRefusalOfTls13) {
  const auto record = session(full13().client(tls_opaque(kDataRecord, 19)).end());
  EXPECT_EQ(record["established"], false);
  EXPECT_EQ(alerts(record), "c encrypted ");
}

TEST(Tls, RefusalInClearOfTls13) {
  const auto record = session(full13().client(tls_alert(2, 48)).end());
  EXPECT_EQ(record["established"], false);
  EXPECT_EQ(alerts(record), "c fatal unknown_ca");
}

TEST(Tls, RetryOfTls13) {
  const std::string mark =
      "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
      "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";
  const std::string retry = server_hello(
      {.random = mark, .cipher = 0x1301, .more = {{43, number16(0x0304)}, {51, number16(23)}}});
  const std::string hello = client_hello_record({.versions = {0x0304}});
  const auto record = session(
      Script()
          .client(hello)
          .server(tls_record(kHandshakeRecord, tls_message(2, retry)) + tls_change_cipher_spec())
          .client(tls_change_cipher_spec() + hello)
          .server(tls_record(kHandshakeRecord, tls_message(2, server_hello13())) +
                  tls_opaque(kDataRecord, 900))
          .client(tls_opaque(kDataRecord, 53))
          .end());
  EXPECT_EQ(record["retried"], true);
  EXPECT_EQ(record["established"], true);
  EXPECT_EQ(steps(record),
            "c client_hello, s hello_retry_request, s change_cipher_spec, c change_cipher_spec, "
            "c client_hello, s server_hello, s encrypted, c encrypted");
}

TEST(Tls, EarlyData) {
  const std::vector<TlsExtension> offer = {{42, ""},
                                           {41, list16(list16("id") + "age!") + list16("binders")}};
  const std::string taken =
      tls_record(kHandshakeRecord, tls_message(2, server_hello13(0x1301, {{41, number16(0)}}))) +
      tls_opaque(kDataRecord, 80);
  const std::string hello = client_hello_record({.versions = {0x0304}, .more = offer});
  const auto record = session(Script()
                                  .client(hello + tls_change_cipher_spec())
                                  .client(tls_opaque(kDataRecord, 300))
                                  .server(taken)
                                  .client(tls_opaque(kDataRecord, 21))
                                  .client(tls_opaque(kDataRecord, 53))
                                  .end());
  EXPECT_EQ(record["early_data"], "offered");
  EXPECT_EQ(record["resumed"], true);
  EXPECT_EQ(record["resumed_by"], "psk");
  EXPECT_EQ(record["established"], true);
  EXPECT_NEAR(record["handshake_time"].get<double>(), 0.04, 1e-9);
}

TEST(Tls, EarlyDataRejected) {
  // Without the pre-shared key in the ServerHello; the client's early records are no Finished.
  const std::vector<TlsExtension> offer = {{42, ""},
                                           {41, list16(list16("id") + "age!") + list16("binders")}};
  const auto record =
      session(Script()
                  .client(client_hello_record({.versions = {0x0304}, .more = offer}) +
                          tls_change_cipher_spec() + tls_opaque(kDataRecord, 300))
                  .server(tls_record(kHandshakeRecord, tls_message(2, server_hello13())) +
                          tls_opaque(kDataRecord, 900))
                  .client(tls_opaque(kDataRecord, 53))
                  .end());
  EXPECT_EQ(record["early_data"], "rejected");
  EXPECT_EQ(record["resumed"], false);
  EXPECT_NEAR(record["handshake_time"].get<double>(), 0.02, 1e-9);
}

TEST(Tls, ResumedById) {
  const std::string id(32, 'i');
  const auto record = session(
      Script()
          .client(client_hello_record({.session_id = id}))
          .server(tls_record(kHandshakeRecord, tls_message(2, server_hello({.session_id = id}))) +
                  server_finish12())
          .client(tls_change_cipher_spec() + tls_opaque(kHandshakeRecord, 40))
          .end());
  EXPECT_EQ(record["resumed"], true);
  EXPECT_EQ(record["resumed_by"], "id");
  EXPECT_EQ(record["established"], true);
  EXPECT_NEAR(record["handshake_time"].get<double>(), 0.02, 1e-9);
}

TEST(Tls, ResumedByTicketWithoutAnId) {
  const auto record = session(
      Script()
          .client(client_hello_record({.more = {{35, "ticket"}}}))
          .server(tls_record(kHandshakeRecord,
                             tls_message(2, server_hello({.more = {{35, ""}}})) +
                                 tls_message(4, std::string("\0\0\x1c\x20", 4) + list16("new"))) +
                  server_finish12())
          .client(tls_change_cipher_spec() + tls_opaque(kHandshakeRecord, 40))
          .end());
  EXPECT_EQ(record["resumed_by"], "ticket");
  EXPECT_EQ(record["ticket_lifetime"], 7200);
}

TEST(Tls, AHelloInManyRecords) {
  const std::string message = tls_message(1, client_hello({.alpn = {"h2"}}));
  std::string records;
  for (const char c : message) records += tls_record(kHandshakeRecord, std::string(1, c), 0x0301);
  Script script;
  script.client(records).server(server_flight12()).client(client_flight12());
  const auto record = quick_session(script.server(server_finish12()).end());
  EXPECT_EQ(record["server_name"], "shop.test");
  EXPECT_EQ(record["established"], true);
}

TEST(Tls, AlertsBothWays) {
  const auto refused =
      session(Script().client(client_hello_record()).server(tls_alert(2, 40)).end());
  EXPECT_EQ(alerts(refused), "s fatal handshake_failure");
  EXPECT_EQ(refused["established"], false);
  const auto expired = session(Script()
                                   .client(client_hello_record())
                                   .server(tls_alert(1, 112) + server_flight12())
                                   .client(tls_alert(2, 45))
                                   .end());
  EXPECT_EQ(alerts(expired), "s warning unrecognized_name, c fatal certificate_expired");
  const auto strange =
      session(Script().client(client_hello_record()).server(tls_alert(7, 200)).end());
  EXPECT_EQ(alerts(strange), "s 0x07 0xC8");
}

TEST(Tls, DowngradeOnlyWhereMoreWasOffered) {
  const ServerHelloSpec marked = {.random = std::string(24, 'r') + "DOWNGRD\1"};
  const auto plain =
      quick_session(Script().client(client_hello_record()).server(server_flight12(marked)).end());
  EXPECT_FALSE(plain.contains("downgraded"));
  const auto offered =
      quick_session(Script()
                        .client(client_hello_record({.versions = {0x0304, 0x0303}}))
                        .server(server_flight12(marked))
                        .end());
  EXPECT_EQ(offered["downgraded"], true);
  const auto draft = quick_session(Script()
                                       .client(client_hello_record({.versions = {0x7f1c, 0x0303}}))
                                       .server(server_flight12(marked))
                                       .end());
  EXPECT_FALSE(draft.contains("downgraded"));
}

TEST(Tls, FailuresHaveABrowsersWord) {
  const auto shown = [](const Script& script) {
    return quick_session(Script(script).end()).value("browser_error", "");
  };
  const auto hello = Script().client(client_hello_record());
  EXPECT_EQ(shown(Script(hello).server(tls_alert(2, 70))), "ERR_SSL_VERSION_OR_CIPHER_MISMATCH");
  EXPECT_EQ(shown(Script(hello).server(tls_alert(2, 112))), "ERR_SSL_UNRECOGNIZED_NAME_ALERT");
  EXPECT_EQ(shown(Script(hello).server("HTTP/1.1 400 Bad Request\r\n\r\n")),
            "SSL_ERROR_RX_RECORD_TOO_LONG");
  EXPECT_EQ(shown(full13().client(tls_alert(2, 45))), "ERR_CERT_DATE_INVALID");
  EXPECT_EQ(shown(full13().client(tls_alert(2, 46))), "");
  EXPECT_EQ(shown(Script(hello).server(tls_alert(1, 0))), "");
  EXPECT_EQ(shown(full12()), "");
}

TEST(Tls, UnknownNumbersStayNumbersAndGreaseGoes) {
  const auto record =
      quick_session(Script()
                        .client(client_hello_record(
                            {.ciphers = {0x1a1a, 0xeeee, 0x1301}, .versions = {0x3a3a, 0x0399}}))
                        .server(server_flight12({.cipher = 0xeeee}))
                        .end());
  EXPECT_EQ(record["client_ciphers"], nlohmann::json({"0xEEEE", "TLS_AES_128_GCM_SHA256"}));
  EXPECT_EQ(record["client_versions"], nlohmann::json({"0x0399"}));
  EXPECT_EQ(record["cipher"], "0xEEEE");
}

TEST(Tls, OnlyTheFirstServerHelloCounts) {
  const auto record = quick_session(
      Script()
          .client(client_hello_record())
          .server(tls_record(kHandshakeRecord, tls_message(2, server_hello({})) +
                                                   tls_message(2, server_hello({.cipher = 5}))))
          .end());
  EXPECT_EQ(record["cipher"], "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
}

TEST(Tls, HttpInPlaceOfAServerHello) {
  const Script script = Script()
                            .client(client_hello_record())
                            .server("HTTP/1.1 400 Bad Request\r\nServer: a\r\n\r\n")
                            .client(tls_alert(2, 70))
                            .end();
  const Records records = play_in_every_cut(script, kProtocol);
  EXPECT_THAT(flaws(records), ElementsAre("tls.plain_http"));
  const auto record = of_type(records, "tls").front();
  EXPECT_EQ(record["not_tls"]["from"], "server");
  EXPECT_EQ(record["not_tls"]["begins"], "HTTP/1.1 400 Bad Request\r\nServer: a\r\n\r\n");
  EXPECT_EQ(record["established"], false);
  EXPECT_EQ(alerts(record), "c fatal protocol_version");
}

TEST(Tls, HttpInPlaceOfAClientHello) {
  const Script script =
      Script().client("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n").server(tls_alert(2, 10)).end();
  Records records;
  for (const std::string& line : play_lines(script, all_protocols())) {
    records.push_back(nlohmann::json::parse(line));
  }
  EXPECT_THAT(flaws(records), ElementsAre("tls.plain_http"));
  EXPECT_EQ(alerts(of_type(records, "tls").at(0)), "s fatal unexpected_message");
  EXPECT_EQ(of_type(records, "http").at(0)["complete"], false);
}

TEST(Tls, SomethingElseInPlaceOfAServerHello) {
  const Records records = play(
      Script().client(client_hello_record()).server("220 mail.test ESMTP\r\n").end(), kProtocol);
  EXPECT_THAT(flaws(records), ElementsAre("tls.not_tls"));
}

TEST(Tls, Ssl2HelloForLaterVersions) {
  const std::string body = number8(1) + number16(0x0301) + number16(6) + number16(0) +
                           number16(16) + std::string("\0\0\x05\x01\0\x80", 6) +
                           std::string(16, 'c');
  const auto record = session(Script()
                                  .client(number16(0x8000 | body.size()) + body)
                                  .server(server_flight12({.version = 0x0301, .cipher = 5}))
                                  .client(client_flight12())
                                  .server(server_finish12())
                                  .end());
  EXPECT_EQ(record["client_ciphers"],
            nlohmann::json({"TLS_RSA_WITH_RC4_128_SHA", "SSL_CK_RC4_128_WITH_MD5"}));
  EXPECT_EQ(record["client_versions"], nlohmann::json({"TLS 1.0"}));
  EXPECT_EQ(record["version"], "TLS 1.0");
  EXPECT_EQ(record["established"], true);
  EXPECT_FALSE(record.contains("ja3"));
}

TEST(Tls, TheClientIsWhoSaysHello) {
  Script script;
  const Script usual = full12();
  for (const Step& step : usual.steps()) script.say(opposite(step.from), step.text);
  const auto record = quick_session(script.end());
  EXPECT_EQ(record["established"], true);
  EXPECT_EQ(record["messages"][0]["from"], "server");
}

TEST(Tls, HeartbeatsInAHandshake) {
  const Records records = play(Script()
                                   .client(client_hello_record())
                                   .server(server_flight12())
                                   .client(tls_record(kHeartbeatRecord, "\1\x40" + number8(0)))
                                   .end(),
                               kProtocol);
  EXPECT_THAT(flaws(records), ElementsAre("tls.heartbleed", "tls.heartbeat_in_handshake"));
}

TEST(Tls, FalseStart) {
  const auto record = session(Script()
                                  .client(client_hello_record())
                                  .server(server_flight12())
                                  .client(client_flight12() + tls_opaque(kDataRecord, 90))
                                  .server(server_finish12())
                                  .end());
  EXPECT_EQ(record["established"], true);
}

TEST(Tls, NothingButAHello) {
  const auto record = session(Script().client(client_hello_record()).end());
  EXPECT_EQ(record["established"], false);
  EXPECT_FALSE(record.contains("version"));
  EXPECT_FALSE(record.contains("resumed"));
  EXPECT_FALSE(record.contains("handshake_time"));
}

}  // namespace
}  // namespace wirelens::tls
