// tcp/record.cc - what a connection tells of itself in its record.
#include <algorithm>

#include "tcp/connection.h"
#include "tcp/trouble.h"

namespace wirelens::tcp {
namespace {

Sent sent_by(const Half& end, const Trouble* trouble, Timestamp last) {
  Sent sent;
  sent.packets = end.packets;
  sent.retransmitted_packets = end.syns_resent;
  sent.timeouts = end.syns_resent;
  sent.capture_duplicates = end.syn_copies;
  if (end.scales) sent.window_scale = static_cast<std::uint8_t>(end.window_scale);
  if (end.mss != 0) sent.mss = static_cast<std::uint16_t>(end.mss);
  if (end.syn) sent.sack = end.sack;
  sent.rtt = end.rtt();
  if (end.max_in_flight != 0) sent.max_bytes_in_flight = end.max_in_flight;
  sent.bytes = static_cast<std::uint64_t>(end.next);
  if (trouble == nullptr) return sent;
  sent.bytes -= trouble->missing_bytes;
  sent.retransmitted_packets += trouble->retransmitted_packets;
  sent.retransmitted_bytes = trouble->retransmitted_bytes;
  sent.fast_retransmits = trouble->fast_retransmits;
  sent.timeouts += trouble->timeouts;
  sent.spurious = trouble->spurious;
  sent.out_of_order = trouble->out_of_order;
  sent.duplicate_acks = trouble->duplicate_acks;
  sent.zero_windows = trouble->zero_windows;
  sent.zero_window_time = trouble->zero_window_time;
  if (end.closed_window) sent.zero_window_time += last - trouble->zero_since.time;
  sent.zero_window_probes = trouble->zero_window_probes;
  sent.keep_alives = trouble->keep_alives;
  sent.missing_bytes = trouble->missing_bytes;
  sent.capture_duplicates += trouble->capture_duplicates;
  sent.acked_before_seen = trouble->acked_before_seen;
  return sent;
}

ZeekState zeek_state(const Half& end, const Half& other) {
  if (end.reset) return ZeekState::reset;
  if (end.packets == 0) return ZeekState::inactive;
  if (end.fin) return ZeekState::closed;
  if (!end.syn) return other.syn ? ZeekState::established : ZeekState::partial;
  if (end.syn_ack) return other.packets > 0 ? ZeekState::established : ZeekState::syn_ack_sent;
  return end.has_acked && other.syn ? ZeekState::established : ZeekState::syn_sent;
}

}  // namespace

std::uint64_t Connection::resent() const {
  std::uint64_t count = halves_[0].syns_resent + halves_[1].syns_resent;
  if (extra_ == nullptr) return count;
  for (const Trouble& trouble : extra_->of) count += trouble.retransmitted_packets;
  return count;
}

std::optional<Duration> Connection::handshake_rtt() const {
  const Half& client = half(Direction::from_client);
  const Half& server = half(Direction::from_server);
  if (!client.syn_done || !server.syn_done) return std::nullopt;
  return client.syn_rtt.get() + server.syn_rtt.get();
}

void Connection::fill(wirelens::Connection& record, Text& text) const {
  const Half& client = half(Direction::from_client);
  const Half& server = half(Direction::from_server);
  record.sent = sent_by(client, known_trouble(Direction::from_client), last_time_);
  record.received = sent_by(server, known_trouble(Direction::from_server), last_time_);
  record.client_known = client_known_;
  record.client_state = name_of(client.state);
  record.server_state = name_of(server.state);
  if (midstream_) record.midstream = true;
  const bool one_sided = client.packets == 0 || server.packets == 0;
  const bool only_syns =
      client.packets == 1u + client.syns_resent + client.syn_copies && client.next == 0;
  if (one_sided && !(client.syn && only_syns && !client.fin)) record.one_sided = true;
  record.handshake_rtt = handshake_rtt();

  record.close = Close::open;
  if (refused_) {
    record.close = Close::refused;
  } else if (reset_) {
    record.close = client.reset ? Close::reset_by_client : Close::reset_by_server;
  } else if (extra_ != nullptr && extra_->doubted_reset) {
    record.close = *extra_->doubted_reset == Direction::from_client ? Close::reset_by_client
                                                                    : Close::reset_by_server;
  } else if (client.fin && server.fin) {
    record.close = Close::fin;
  } else if (client.syn && server.packets == 0 && only_syns) {
    record.close = Close::unanswered;
  }

  text.history = history_.text();
  if (extra_ != nullptr) text.history.append(extra_->history.data(), extra_->history_count);
  const bool no_bytes = record.sent.bytes == 0 && record.received.bytes == 0;
  text.conn_state =
      conn_state(zeek_state(client, server), zeek_state(server, client), no_bytes, text.history);
  record.history = text.history;
  record.conn_state = text.conn_state;
}

}  // namespace wirelens::tcp
