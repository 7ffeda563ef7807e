// Talk in clear up to TLS: every protocol, in every cut.
#include "starttls/starttls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "all.h"
#include "support/dissect.h"
#include "support/tls_bytes.h"

namespace wirelens::starttls {
namespace {

using namespace wirelens::testing;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> lines(const Script& script, const Cuts& cuts = {}) {
  return play_lines(script, all_protocols(), {}, cuts);
}
/// What is said in every cut of two, and byte by byte.
std::vector<std::string> in_every_cut(const Script& script) {
  const std::vector<std::string> whole = lines(script);
  Cuts everywhere;
  for (std::size_t i = 1; i < script.size(); ++i) {
    EXPECT_EQ(lines(script, {i}), whole) << "cut at " << i;
    everywhere.insert(i);
  }
  EXPECT_EQ(lines(script, everywhere), whole) << "byte by byte";
  return whole;
}
Script& tls(Script& script) {
  return script.client(client_hello_record())
      .server(server_flight12())
      .client(client_flight12())
      .server(server_finish12())
      .end();
}
void expect_tls_after(Script script) {
  const std::vector<std::string> said = in_every_cut(tls(script));
  ASSERT_EQ(said.size(), 1u);
  EXPECT_THAT(said[0], HasSubstr("\"type\":\"tls\""));
  EXPECT_THAT(said[0], HasSubstr("\"established\":true"));
}

TEST(StartTls, Smtp) {
  expect_tls_after(Script()
                       .server("220 mail.test ESMTP\r\n")
                       .client("EHLO me\r\n")
                       .server("250-mail.test\r\n250 STARTTLS\r\n")
                       .client("STARTTLS\r\n")
                       .server("220 go ahead\r\n"));
}
TEST(StartTls, SmtpWithAPlainGreeting) {
  expect_tls_after(Script()
                       .server("220 mail.test ready\r\n")
                       .client("EHLO me\r\n")
                       .server("250 STARTTLS\r\n")
                       .client("STARTTLS\r\n")
                       .server("220 go ahead\r\n"));
}
TEST(StartTls, Imap) {
  expect_tls_after(
      Script().server("* OK ready\r\n").client("a STARTTLS\r\n").server("a OK begin\r\n"));
}
TEST(StartTls, Pop3) {
  expect_tls_after(Script().server("+OK ready\r\n").client("STLS\r\n").server("+OK begin\r\n"));
}
TEST(StartTls, Ftp) {
  expect_tls_after(Script().server("220 ready\r\n").client("AUTH TLS\r\n").server("234 begin\r\n"));
}
TEST(StartTls, Xmpp) {
  expect_tls_after(Script()
                       .client("<?xml version='1.0'?><stream:stream to='a'>")
                       .server("<?xml version='1.0'?><stream:stream from='a'><stream:features/>")
                       .client("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
                       .server("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"));
}
TEST(StartTls, Ldap) {
  const std::string name =
      "\x80\x16"
      "1.3.6.1.4.1.1466.20037";
  const std::string request = "\x02\x01\x01\x77" + list8(name);
  expect_tls_after(
      Script()
          .client("\x30" + list8(request))
          .server(std::string("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0", 14)));
}
TEST(StartTls, Postgresql) {
  expect_tls_after(Script().client(std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8)).server("S"));
}
TEST(StartTls, Mysql) {
  const std::string greeting =
      "\x0a"
      "8.0.36" +
      std::string(60, '\0');
  expect_tls_after(Script()
                       .server(number8(greeting.size()) + std::string(3, '\0') + greeting)
                       .client(std::string("\x20\0\0\1", 4) + std::string(32, '\x0c')));
}

TEST(StartTls, TalkThatStaysInClear) {
  EXPECT_THAT(in_every_cut(Script()
                               .server("220 mail.test ESMTP\r\n")
                               .client("HELO me\r\n")
                               .server("250 hello\r\n")
                               .client("QUIT\r\n")
                               .server("221 bye\r\n")
                               .end()),
              IsEmpty());
}

TEST(StartTls, ManyLinesAreNotWaitedFor) {
  RecordingContext context({});
  Conversation conversation(all_protocols(), context.memory());
  conversation.data(context, Direction::from_server, as_bytes("220 mail.test ESMTP\r\n"), {});
  for (int i = 0; i < 100 && !conversation.opaque(); ++i) {
    conversation.data(context, Direction::from_client, as_bytes(std::string(500, 'x') + "\r\n"),
                      {});
  }
  EXPECT_TRUE(conversation.opaque());
}

}  // namespace
}  // namespace wirelens::starttls
