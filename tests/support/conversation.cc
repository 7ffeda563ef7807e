// support/conversation.cc - builds decoded segments and hands them to a connection.
#include "support/conversation.h"

#include <memory_resource>

namespace wirelens {

Dialogue::Dialogue(std::uint32_t client_isn, std::uint32_t server_isn)
    : base_{client_isn + 1, server_isn + 1} {}

Dialogue::~Dialogue() {
  finish();
}

tcp::Surroundings Dialogue::around() {
  return {ledger_, *std::pmr::new_delete_resource(), settings_};
}

tcp::Outcome Dialogue::say(Direction from, Segment segment) {
  now_ += segment.after;
  Packet packet;
  packet.time = packet.now = now_;
  packet.number = ++packets_;
  Decoded decoded;
  decoded.from_high = from == kClient;
  decoded.key.high_port = 40000;
  decoded.key.low_port = 80;
  decoded.key.protocol = 6;
  decoded.transport = Transport::tcp;
  decoded.checksum = segment.checksum;
  decoded.ttl = segment.ttl;
  decoded.identification = segment.id != 0 ? segment.id : ids_[index(from)]++;
  decoded.tcp.sequence = base_[index(from)] + static_cast<std::uint32_t>(segment.at);
  if ((segment.flags & TcpHeader::kAck) != 0) {
    decoded.tcp.acknowledgment =
        base_[index(opposite(from))] + static_cast<std::uint32_t>(segment.ack);
  }
  decoded.tcp.window = segment.window;
  decoded.tcp.urgent = segment.urgent;
  decoded.tcp.flags = segment.flags;
  decoded.tcp.options = segment.options;
  decoded.payload_length = static_cast<std::uint32_t>(segment.payload.size());
  decoded.payload = as_bytes(segment.payload).first(segment.payload.size() - segment.cut);
  tcp::Surroundings lent = around();
  return connection_->segment(packet, decoded, lent, *this);
}

void Dialogue::handshake(bool stamped) {
  TcpOptions options;
  options.mss = 1460;
  options.has_window_scale = true;
  options.window_scale = 7;
  options.sack_permitted = true;
  options.has_timestamp = stamped;
  options.timestamp_value = 1000;
  say(kClient, {.at = -1, .flags = TcpHeader::kSyn, .options = options});
  say(kServer, {.at = -1, .flags = TcpHeader::kSyn | TcpHeader::kAck, .options = options});
  TcpOptions plain;
  plain.has_timestamp = stamped;
  plain.timestamp_value = 1000;
  say(kClient, {.options = plain});
}

void Dialogue::close(Direction first) {
  const auto length = [this](Direction from) {
    return static_cast<std::int64_t>(sent(from).bytes + sent(from).missing_bytes);
  };
  const std::int64_t mine = length(first);
  const std::int64_t other = length(opposite(first));
  constexpr std::uint8_t kFinAck = TcpHeader::kFin | TcpHeader::kAck;
  say(first, {.at = mine, .ack = other, .flags = kFinAck});
  say(opposite(first), {.at = other, .ack = mine + 1, .flags = kFinAck});
  say(first, {.at = mine + 1, .ack = other + 1});
}

void Dialogue::pass(Duration time) {
  now_ += time;
  over();
}

bool Dialogue::over() {
  tcp::Surroundings lent = around();
  const auto deadline = connection_->deadline(now_);
  return deadline && *deadline <= now_ && connection_->expire(now_, lent, *this);
}

void Dialogue::finish() {
  if (finished_) return;
  finished_ = true;
  tcp::Surroundings lent = around();
  connection_->finish(lent, *this);
}

bool Dialogue::flawed(std::string_view name) const {
  for (const Seen& each : flaws_) {
    if (each.name == name) return true;
  }
  return false;
}

const std::string& Dialogue::detail(std::string_view name) const {
  static const std::string kNone;
  for (const Seen& each : flaws_) {
    if (each.name == name) return each.detail;
  }
  return kNone;
}

const Connection& Dialogue::record() {
  connection_->fill(record_, text_);
  return record_;
}

void Dialogue::data(Direction from, Bytes bytes, const Stamp&) {
  ++slices;
  if (keep) heard_[index(from)] += as_text(bytes);
}

void Dialogue::gap(Direction from, std::uint64_t bytes, const Stamp&) {
  heard_[index(from)].append("<").append(std::to_string(bytes)).append(">");
}

void Dialogue::end(Direction from, tcp::Ending, const Stamp&) {
  ended_[index(from)] = true;
}

void Dialogue::flaw(const Flaw& flaw, std::optional<Direction>, std::string_view detail) {
  flaws_.push_back({std::string(flaw.name), std::string(detail)});
}

}  // namespace wirelens
