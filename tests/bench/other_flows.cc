// bench/other_flows.cc - message layouts: RFC 8446 section 4.1, RFC 9000 section 17, RFC 1035.
#include "bench/other_flows.h"

#include <algorithm>
#include <string>

#include "bench/material.h"

namespace wirelens::bench {
namespace {

constexpr std::size_t kRecordBody = 16'384 + 17;  // plaintext, its content type and the tag
constexpr std::size_t kDatagram = 1'252;
constexpr std::uint64_t kClientShare = 16;

/// Big-endian fields, and lengths that are known only once their content is written.
class Message {
 public:
  Message& u8(std::uint64_t value) {
    bytes_.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  Message& u16(std::uint64_t value) { return u8(value >> 8).u8(value); }
  Message& u24(std::uint64_t value) { return u8(value >> 16).u16(value); }
  Message& bytes(View view) {
    bytes_.insert(bytes_.end(), view.begin(), view.end());
    return *this;
  }
  Message& text(std::string_view view) {
    bytes_.insert(bytes_.end(), view.begin(), view.end());
    return *this;
  }
  View view() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }

 private:
  Bytes bytes_;
};

Message key_share(Draws& draws) {
  return Message().u16(0x001d).u16(32).bytes(opaque(draws, 32));  // x25519
}

// A handshake message in one record of its own.
Message handshake_record(unsigned type, const Message& body) {
  Message record;
  record.u8(22).u16(0x0301).u16(4 + body.size());
  return record.u8(type).u24(body.size()).bytes(body.view());
}

Message client_hello(Draws& draws, std::string_view name) {
  Message extensions;
  extensions.u16(0).u16(name.size() + 5).u16(name.size() + 3).u8(0).u16(name.size()).text(name);
  extensions.u16(10).u16(4).u16(2).u16(0x001d);
  extensions.u16(13).u16(6).u16(4).u16(0x0403).u16(0x0804);
  extensions.u16(16).u16(14).u16(12).u8(2).text("h2").u8(8).text("http/1.1");
  extensions.u16(43).u16(3).u8(2).u16(0x0304);
  const Message share = key_share(draws);
  extensions.u16(51).u16(2 + share.size()).u16(share.size()).bytes(share.view());
  Message body;
  body.u16(0x0303).bytes(opaque(draws, 32)).u8(32).bytes(opaque(draws, 32));
  body.u16(6).u16(0x1301).u16(0x1302).u16(0x1303).u16(0x0100);
  body.u16(extensions.size()).bytes(extensions.view());
  return handshake_record(1, body);
}

Message server_hello(Draws& draws) {
  Message extensions;
  extensions.u16(43).u16(2).u16(0x0304);
  const Message share = key_share(draws);
  extensions.u16(51).u16(share.size()).bytes(share.view());
  Message body;
  body.u16(0x0303).bytes(opaque(draws, 32)).u8(32).bytes(opaque(draws, 32)).u16(0x1301).u8(0);
  body.u16(extensions.size()).bytes(extensions.view());
  return handshake_record(2, body);
}

void application_record(Message& out, Draws& draws, std::size_t size) {
  out.u8(23).u16(0x0303).u16(size).bytes(opaque(draws, size));
}

Message dns_message(std::uint64_t id, std::string_view label, bool answer, Draws& draws) {
  Message message;
  message.u16(id).u16(answer ? 0x8180 : 0x0100).u16(1).u16(answer ? 1 : 0).u16(0).u16(0);
  message.u8(label.size()).text(label).u8(5).text("bench").u8(4).text("test").u8(0);
  message.u16(1).u16(1);
  if (!answer) return message;
  message.u16(0xc00c).u16(1).u16(1).u16(0).u16(300).u16(4);
  return message.bytes(opaque(draws, 4));
}

}  // namespace

TlsFlow::TlsFlow(const Endpoints& ends, const World& world, Draws draws, std::int64_t start,
                 std::uint64_t bytes)
    : TcpFlow(ends, world, draws, start), left_(std::max<std::uint64_t>(bytes, 64)) {}

bool TlsFlow::compose() {
  if (step_ == 0) {
    step_ = 1;
    if (draws().chance(world().impairments.midstream)) {
      open_midstream();
    } else {
      open();
      hello();
    }
    return true;
  }
  if (left_ > 0) {
    const std::uint64_t size = std::min(left_, draws().between(kRecordBody / 2, 4 * kRecordBody));
    records(From::client, std::max<std::uint64_t>(size / kClientShare, 40));
    wait(static_cast<std::int64_t>(draws().between(200'000, 10'000'000)));
    records(From::server, size);
    left_ -= size;
    return true;
  }
  if (step_++ == 2) return false;
  if (draws().chance(900'000)) close(draws().chance(500'000) ? From::client : From::server);
  return true;
}

void TlsFlow::hello() {
  const std::string name = "host-" + std::to_string(draws().below(2000)) + ".bench.test";
  send(From::client, client_hello(draws(), name).view());
  wait(500'000);
  Message flight = server_hello(draws());
  flight.u8(20).u16(0x0303).u16(1).u8(1);
  application_record(flight, draws(), draws().between(2'500, 4'500));
  send(From::server, flight.view());
  Message finished;
  finished.u8(20).u16(0x0303).u16(1).u8(1);
  application_record(finished, draws(), 53);
  send(From::client, finished.view());
}

void TlsFlow::records(From from, std::uint64_t bytes) {
  Message out;
  while (bytes > 0) {
    const std::uint64_t size = std::min<std::uint64_t>(bytes, kRecordBody);
    application_record(out, draws(), std::max<std::size_t>(size, 24));
    bytes -= size;
  }
  send(from, out.view(), 0);
}

DatagramFlow::DatagramFlow(const Endpoints& ends, const World& world, Draws draws,
                           std::int64_t start, std::uint64_t bytes)
    : Flow(ends, false),
      truth_(world.truth),
      draws_(draws),
      now_(start),
      left_(std::max<std::uint64_t>(bytes, kDatagram)) {
  ++truth_.udp_flows;
}

void DatagramFlow::datagram(From from, std::size_t size) {
  Message payload;
  payload.u8(0x40 | draws_.below(64)).bytes(opaque(draws_, size - 1));
  Packet packet;
  packet.time = now_;
  packet.from = from;
  packet.ip_id = static_cast<std::uint16_t>(draws_.next());
  emit(packet, payload.view());
  truth_.udp_payload[index(from)] += size;
}

// A burst from the server, every eighth datagram answered by a short one.
bool DatagramFlow::compose() {
  if (left_ == 0) return false;
  datagram(From::client, draws_.between(40, 400));
  now_ += 5'000'000;
  for (unsigned i = 1; i <= 32 && left_ > 0; ++i) {
    const std::size_t size = std::min<std::uint64_t>(left_, kDatagram);
    datagram(From::server, std::max<std::size_t>(size, 30));
    left_ -= size;
    now_ += 12'000;
    if (i % 8 == 0) datagram(From::client, 33);
  }
  now_ += static_cast<std::int64_t>(draws_.below(10'000'000));
  return true;
}

DnsFlow::DnsFlow(const Endpoints& ends, const World& world, Draws draws, std::int64_t start)
    : Flow(ends, false), truth_(world.truth), draws_(draws), now_(start) {
  ++truth_.udp_flows;
}

bool DnsFlow::compose() {
  if (done_) return false;
  done_ = true;
  const std::uint64_t id = draws_.below(65'536);
  const std::string label = "host-" + std::to_string(draws_.below(2000));
  for (const From from : {From::client, From::server}) {
    const Message message = dns_message(id, label, from == From::server, draws_);
    Packet packet;
    packet.time = now_;
    packet.from = from;
    packet.ip_id = static_cast<std::uint16_t>(draws_.next());
    emit(packet, message.view());
    truth_.udp_payload[index(from)] += message.size();
    now_ += static_cast<std::int64_t>(draws_.between(500'000, 40'000'000));
  }
  return true;
}

}  // namespace wirelens::bench
