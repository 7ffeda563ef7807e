// TLS with bytes missing, and from the middle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dissect.h"
#include "support/tls_bytes.h"
#include "tls/tls.h"

namespace wirelens::tls {
namespace {

using namespace wirelens::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Records sessions(const Script& script, const Setting& setting = {}) {
  return of_type(play(script, kProtocol, setting), "tls");
}

TEST(TlsHoles, InsideTheCertificate) {
  // The record's length is known: reading goes on exactly behind it.
  const std::string flight = server_flight12();
  const std::size_t hole = flight.find("leaf");
  const Records found = sessions(Script()
                                     .client(client_hello_record())
                                     .server(flight.substr(0, hole))
                                     .gap(Direction::from_server, 3)
                                     .server(flight.substr(hole + 3))
                                     .client(client_flight12())
                                     .server(server_finish12())
                                     .end());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["version"], "TLS 1.2");
  EXPECT_EQ(found[0]["group"], "secp256r1");
  EXPECT_EQ(found[0]["established"], true);
  EXPECT_FALSE(found[0].contains("certificate_count"));
}

TEST(TlsHoles, AcrossRecords) {
  // From within the certificate into the key exchange: the next header has to be found.
  const std::string flight = server_flight12();
  const std::size_t hole = flight.find("leaf");
  const std::size_t end = flight.find("pppp") + 20;
  const Records found = sessions(Script()
                                     .client(client_hello_record())
                                     .server(flight.substr(0, hole))
                                     .gap(Direction::from_server, end - hole)
                                     .server(flight.substr(end))
                                     .client(client_flight12())
                                     .server(server_finish12())
                                     .end());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["version"], "TLS 1.2");
  EXPECT_EQ(found[0]["established"], true);
  EXPECT_FALSE(found[0].contains("group"));
}

TEST(TlsHoles, EveryPlace) {
  // A hole anywhere is no reason for a fault, and one record comes out.
  const std::string flight = server_flight12();
  for (std::size_t at = 0; at + 5 < flight.size(); ++at) {
    const Records records = play(Script()
                                     .client(client_hello_record())
                                     .server(flight.substr(0, at))
                                     .gap(Direction::from_server, 5)
                                     .server(flight.substr(at + 5))
                                     .client(client_flight12())
                                     .server(server_finish12())
                                     .end(),
                                 kProtocol);
    EXPECT_EQ(of_type(records, "tls").size(), 1u) << at;
    for (const std::string& flaw : flaws(records)) EXPECT_EQ(flaw, "") << at;
  }
}

TEST(TlsHoles, TheHelloIsMissing) {
  const Records found = sessions(Script()
                                     .gap(Direction::from_client, 200)
                                     .server(server_flight12())
                                     .client(client_flight12())
                                     .server(server_finish12())
                                     .end());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["version"], "TLS 1.2");
  EXPECT_EQ(found[0]["established"], true);
  EXPECT_FALSE(found[0].contains("ja3"));
}

TEST(TlsHoles, BothHellosAreMissing) {
  // What goes by afterwards cannot be understood: it is opaque, and no guess is told.
  const Setting midstream = {.midstream = true};
  const Records records = play(
      Script().client(tls_opaque(kDataRecord, 100)).server(tls_opaque(kDataRecord, 3000)).end(),
      kProtocol, midstream);
  EXPECT_THAT(records, IsEmpty());
}

TEST(TlsHoles, BegunInsideARecord) {
  const Setting midstream = {.midstream = true};
  const Records records = play(Script()
                                   .server(std::string(1000, 'x'))
                                   .server(std::string(300, 'x') + tls_opaque(kDataRecord, 100))
                                   .client(tls_opaque(kDataRecord, 100))
                                   .end(),
                               kProtocol, midstream);
  EXPECT_THAT(records, IsEmpty());
}

TEST(TlsHoles, BegunWithinTheOtherEndsRecord) {
  const Setting midstream = {.midstream = true};
  const Records records = play(Script()
                                   .client(tls_opaque(kDataRecord, 9000).substr(0, 4000))
                                   .server(std::string(300, 'x') + tls_opaque(kDataRecord, 100))
                                   .client(std::string(5005, 'x'))
                                   .end(),
                               kProtocol, midstream);
  EXPECT_THAT(records, IsEmpty());
}

TEST(TlsHoles, MessagesLongerThanTheCap) {
  std::string records;
  const std::string message = tls_message(11, std::string(300'000, 'x'));
  for (std::size_t at = 0; at < message.size(); at += 16000) {
    records += tls_record(kHandshakeRecord, message.substr(at, 16000));
  }
  const Records found =
      play(Script()
               .client(client_hello_record())
               .server(tls_record(kHandshakeRecord, tls_message(2, server_hello({}))) + records +
                       tls_record(kHandshakeRecord, tls_message(14, "")))
               .client(client_flight12())
               .server(server_finish12())
               .end(),
           kProtocol, {.memory = 300u << 10});
  EXPECT_THAT(flaws(found), ElementsAre("tls.long_handshake_message"));
  EXPECT_EQ(of_type(found, "tls").at(0)["established"], true);
}

TEST(TlsHoles, RecordsWithoutEnd) {
  // A length past the limit: no TLS, whatever the header says.
  const Records found =
      play(Script()
               .client(client_hello_record())
               .server(number8(kHandshakeRecord) + number16(0x0303) + number16(0xffff) + "xxxx")
               .end(),
           kProtocol);
  EXPECT_THAT(flaws(found), ElementsAre("tls.not_tls"));
}

}  // namespace
}  // namespace wirelens::tls
