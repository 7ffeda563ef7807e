// fuzz/reassembly_fuzz.cc - segments in any order against the simplest reassembler that can be
// right.
//
// The input is a list of operations on one connection: segments of both ends cut from two known
// streams (or, in the second mode, with payload and headers as the input has them), ACKs, time.
// With honest segments every byte handed on must be the stream's at that place; in any mode memory
// stays under its caps, all of it comes back, and work grows with the input only.
#include <algorithm>
#include <cstdlib>
#include <memory_resource>
#include <string>

#include "base/ledger.h"
#include "decode/decode.h"
#include "tcp/connection.h"
#include "tcp/reassembly.h"

using namespace wirelens;

namespace {

constexpr std::size_t kStream = 70'000;
constexpr std::size_t kCap = 4 * 1024 * 1024;

void require(bool holds) {
  if (!holds) std::abort();
}

std::uint8_t stream_byte(std::size_t at) {
  return static_cast<std::uint8_t>((at * 2654435761u) >> 13);
}

const std::string& whole_stream() {
  static const std::string kBytes = [] {
    std::string bytes;
    for (std::size_t i = 0; i < kStream + 256; ++i) bytes += static_cast<char>(stream_byte(i));
    return bytes;
  }();
  return kBytes;
}

class Oracle final : public tcp::Listener {
 public:
  explicit Oracle(bool honest) : honest_(honest) {}

  void data(Direction from, Bytes bytes, const Stamp&) override {
    require(!bytes.empty() && !ended_[index(from)]);
    std::uint64_t& at = at_[index(from)];
    if (honest_) {
      for (const std::uint8_t byte : bytes) require(byte == stream_byte(at++));
    }
    ++work;
    delivered += bytes.size();
  }
  void gap(Direction from, std::uint64_t bytes, const Stamp&) override {
    require(bytes > 0 && !ended_[index(from)]);
    at_[index(from)] += bytes;
    ++work;
  }
  void end(Direction from, tcp::Ending, const Stamp&) override {
    require(!ended_[index(from)]);
    ended_[index(from)] = true;
  }
  void flaw(const Flaw& flaw, std::optional<Direction>, std::string_view detail) override {
    require(detail.size() <= 512);
    if (honest_) require(flaw.name != "tcp.overlap_conflict");
    ++work;
  }
  bool ended(Direction from) const { return ended_[index(from)]; }

  std::uint64_t work = 0;
  std::uint64_t delivered = 0;

 private:
  bool honest_;
  std::uint64_t at_[2] = {};
  bool ended_[2] = {};
};

/// One connection, driven by the input.
class Drive {
 public:
  Drive(Bytes input, bool honest) : in_(input), honest_(honest), oracle_(honest) {}

  void run() {
    if (honest_) handshake();
    std::uint64_t fed = 0;
    while (in_.left() > 0) {
      if (honest_) {
        fed += honest_segment();
      } else {
        fed += any_segment();
      }
      require(ledger_.used(Charge::reassembly) <= 2 * tcp::Held::kMaxBytes + 256 * 1024);
      require(ledger_.used(Charge::analysis) <= 512 * 1024);
      ++fed;
    }
    connection_.finish(around_, oracle_);
    require(ledger_.total() == 0);
    require(oracle_.ended(Direction::from_client) && oracle_.ended(Direction::from_server));
    require(oracle_.delivered <= fed + 128);
    require(oracle_.work <= 64 * fed + 10'000);
    Connection record;
    tcp::Connection::Text text;
    connection_.fill(record, text);
    require(text.history.size() <= 64);
  }

 private:
  void handshake() {
    send(true, -1, 0, TcpHeader::kSyn, {});
    send(false, -1, 0, TcpHeader::kSyn | TcpHeader::kAck, {});
    send(true, 0, 0, TcpHeader::kAck, {});
  }

  std::size_t honest_segment() {
    const std::uint8_t kind = in_.u8();
    const bool client = (kind & 1) != 0;
    const std::size_t at = in_.u16();
    const std::size_t size = in_.u8();
    now_ += Duration(static_cast<std::int64_t>(kind >> 4) * 7'000'000);
    if ((kind & 2) != 0) {
      timers();
      return 0;
    }
    const std::int64_t ack = (kind & 4) != 0 ? sent_[client ? 1 : 0] : 0;
    const std::string_view payload = std::string_view(whole_stream()).substr(at, size);
    sent_[client ? 0 : 1] = std::max(sent_[client ? 0 : 1], static_cast<std::int64_t>(at + size));
    send(client, static_cast<std::int64_t>(at), ack, TcpHeader::kAck, as_bytes(payload));
    return size;
  }

  std::size_t any_segment() {
    const std::uint8_t kind = in_.u8();
    Decoded decoded;
    decoded.tcp.flags = in_.u8();
    decoded.tcp.sequence = (kind & 2) != 0 ? in_.u32() : in_.u16();
    decoded.tcp.acknowledgment = (kind & 4) != 0 ? in_.u32() : in_.u16();
    decoded.tcp.window = in_.u16();
    decoded.tcp.urgent = (kind & 8) != 0 ? in_.u8() : 0;
    const std::uint8_t more = in_.u8();
    decoded.checksum = (more & 1) != 0 ? Checksum::bad : Checksum::good;
    decoded.ttl = (more & 2) != 0 ? 3 : 64;
    decoded.identification = more;
    TcpOptions& options = decoded.tcp.options;
    options.has_timestamp = (more & 4) != 0;
    options.timestamp_value = options.has_timestamp ? in_.u8() : 0;
    options.sack_blocks = (more & 8) != 0 ? 2 : 0;
    for (std::size_t i = 0; i < options.sack_blocks; ++i) options.sack[i] = {in_.u16(), in_.u16()};
    options.sack_permitted = options.has_window_scale = (more & 16) != 0;
    options.window_scale = more >> 5;
    const Bytes payload = in_.take(std::min<std::size_t>(in_.u8(), in_.left()));
    decoded.payload = payload;
    decoded.payload_length =
        static_cast<std::uint32_t>(payload.size()) + ((kind & 16) != 0 ? 5u : 0u);
    now_ += Duration(static_cast<std::int64_t>(kind >> 5) * 40'000'000);
    if (kind >> 5 == 7) timers();
    feed((kind & 1) != 0, decoded);
    return payload.size() + 12;
  }

  void send(bool client, std::int64_t at, std::int64_t ack, std::uint8_t flags, Bytes payload) {
    Decoded decoded;
    decoded.tcp.flags = flags;
    decoded.tcp.window = 65535;
    decoded.tcp.sequence = kBase[client ? 0 : 1] + static_cast<std::uint32_t>(at);
    decoded.tcp.acknowledgment = kBase[client ? 1 : 0] + static_cast<std::uint32_t>(ack);
    decoded.ttl = 64;
    decoded.identification = ++id_;
    decoded.payload = payload;
    decoded.payload_length = static_cast<std::uint32_t>(payload.size());
    feed(client, decoded);
  }

  void feed(bool client, Decoded& decoded) {
    decoded.transport = Transport::tcp;
    decoded.from_high = client;
    decoded.key.high_port = 40000;
    decoded.key.low_port = 80;
    now_ += Duration(1000);
    Packet packet;
    packet.number = ++number_;
    packet.time = packet.now = now_;
    (void)connection_.segment(packet, decoded, around_, oracle_);
  }

  void timers() {
    const auto deadline = connection_.deadline(now_);
    if (deadline && *deadline <= now_) (void)connection_.expire(now_, around_, oracle_);
  }

  static constexpr std::uint32_t kBase[2] = {0xffff'f000, 77};

  ByteReader in_;
  bool honest_;
  Oracle oracle_;
  Ledger ledger_{kCap};
  tcp::Settings settings_;
  tcp::Surroundings around_{ledger_, *std::pmr::new_delete_resource(), settings_};
  tcp::Connection connection_;
  Timestamp now_ = timestamp_ns(1'700'000'000'000'000'000);
  std::uint64_t number_ = 0;
  std::uint16_t id_ = 0;
  std::int64_t sent_[2] = {};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Drive drive({data + 1, size - 1}, (data[0] & 1) != 0);
  drive.run();
  return 0;
}
