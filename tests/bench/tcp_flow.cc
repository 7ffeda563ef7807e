// bench/tcp_flow.cc - windows, loss and its repair, and the acknowledgments that follow from them.
#include "bench/tcp_flow.h"

#include <algorithm>
#include <bit>

namespace wirelens::bench {
namespace {

constexpr std::int64_t kMicrosecond = 1'000;
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSerialization = 12 * kMicrosecond;  // 1,500 bytes at 1 Gbit/s

}  // namespace

TcpFlow::TcpFlow(const Endpoints& ends, const World& world, Draws draws, std::int64_t start)
    : Flow(ends, true), world_(world), draws_(draws), now_(start) {
  round_trip_ = static_cast<std::int64_t>(draws_.between(2, 60)) * kMillisecond;
  for (std::size_t end = 0; end < 2; ++end) {
    next_sequence_[end] = static_cast<std::uint32_t>(draws_.next());
    ip_id_[end] = static_cast<std::uint16_t>(draws_.next());
  }
  ++world_.truth.tcp_flows;
}

std::size_t TcpFlow::segment_size() const {
  return (ends_.v6 ? 1440 : 1460) - 12;
}

void TcpFlow::packet(std::int64_t time, From from, std::uint8_t flags, std::uint32_t sequence,
                     std::uint32_t acknowledgment, View payload) {
  Packet out;
  out.time = time;
  out.from = from;
  out.tcp.sequence = sequence;
  out.tcp.acknowledgment = acknowledgment;
  out.tcp.flags = flags;
  out.tcp.window = 64'240 / 4;
  emit(out, payload);
}

void TcpFlow::finish(std::vector<Packet>& batch) {
  const std::size_t count = batch.size();
  for (std::size_t i = 0; i < count; ++i) {
    Packet& packet = batch[i];
    packet.ip_id = ip_id_[index(packet.from)]++;
    const auto value = static_cast<std::uint32_t>(packet.time / kMillisecond);
    packet.tcp.timestamps = Timestamps{value, last_timestamp_[index(other(packet.from))]};
    last_timestamp_[index(packet.from)] = value;
    if (world_.impairments.duplicates == 0 || !draws_.chance(world_.impairments.duplicates)) {
      continue;
    }
    Packet copy = packet;
    copy.time += 2 * kMicrosecond;
    batch.push_back(copy);
    ++world_.truth.capture_duplicates;
  }
  if (batch.size() != count) sort_by_time(batch);
}

void TcpFlow::open() {
  std::uint32_t& client = next_sequence_[index(From::client)];
  std::uint32_t& server = next_sequence_[index(From::server)];
  packet(now_, From::client, kSyn, client, 0, {});
  ++client;
  now_ += round_trip_ / 2;
  packet(now_, From::server, kSyn | kAck, server, client, {});
  ++server;
  now_ += round_trip_ / 2;
  packet(now_, From::client, kAck, client, server, {});
  now_ += 50 * kMicrosecond;
  ++world_.truth.handshakes;
}

void TcpFlow::open_midstream() {
  midstream_ = true;
  ++world_.truth.midstream;
}

void TcpFlow::close(From first) {
  const From second = other(first);
  std::uint32_t& mine = next_sequence_[index(first)];
  std::uint32_t& theirs = next_sequence_[index(second)];
  packet(now_, first, kFin | kAck, mine, theirs, {});
  ++mine;
  now_ += round_trip_ / 2;
  packet(now_, second, kFin | kAck, theirs, mine, {});
  ++theirs;
  now_ += round_trip_ / 2;
  packet(now_, first, kAck, mine, theirs, {});
  ++world_.truth.closed_by_fin;
}

void TcpFlow::reset(From from) {
  packet(now_, from, kRst | kAck, next_sequence_[index(from)], next_sequence_[index(other(from))],
         {});
  ++world_.truth.closed_by_reset;
}

void TcpFlow::send(From from, View bytes, std::size_t droppable) {
  const std::size_t window = kWindowSegments * segment_size();
  for (std::size_t at = 0; at < bytes.size(); at += window) {
    const std::size_t size = std::min(window, bytes.size() - at);
    const std::size_t rest = droppable > at ? droppable - at : 0;
    send_window(from, bytes.subspan(at, size), rest);
  }
}

void TcpFlow::send_window(From from, View window, std::size_t droppable) {
  plan(window, droppable, from, arrivals_);
  deliver(from, window, arrivals_);
  next_sequence_[index(from)] += static_cast<std::uint32_t>(window.size());
}

// Decides when each segment passes the tap, and whether it goes on to the receiver.
void TcpFlow::plan(View window, std::size_t droppable, From from, std::vector<Arrival>& arrivals) {
  arrivals.clear();
  const Impairments& wrong = world_.impairments;
  const std::size_t size = segment_size();
  const std::size_t count = (window.size() + size - 1) / size;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t sent = now_ + static_cast<std::int64_t>(i) * kSerialization;
    if (wrong.loss != 0 && draws_.chance(wrong.loss)) {
      const bool after_tap = draws_.chance(500'000);
      ++(after_tap ? world_.truth.lost_after_tap : world_.truth.lost_before_tap);
      if (after_tap) arrivals.push_back({sent, i, true, false});
      arrivals.push_back({sent + round_trip_ + kMillisecond, i, true, true});
    } else if (wrong.reordering != 0 && i + 1 < count && draws_.chance(wrong.reordering)) {
      const std::size_t distance = std::min<std::size_t>(draws_.between(1, 8), count - 1 - i);
      const std::int64_t late = static_cast<std::int64_t>(distance) * kSerialization;
      arrivals.push_back({sent + late + kSerialization / 2, i, true, true});
      ++world_.truth.reordered;
    } else if (wrong.gaps != 0 && i * size >= droppable && draws_.chance(wrong.gaps)) {
      const std::size_t missing = std::min(size, window.size() - i * size);
      arrivals.push_back({sent, i, false, true});
      world_.truth.missing_bytes[index(from)] += missing;
      ++world_.truth.capture_gaps;
    } else {
      arrivals.push_back({sent, i, true, true});
    }
  }
  std::stable_sort(arrivals.begin(), arrivals.end(),
                   [](const Arrival& a, const Arrival& b) { return a.time < b.time; });
}

// Emits the segments as planned and, half a round trip behind, what the receiver says to them.
void TcpFlow::deliver(From from, View window, const std::vector<Arrival>& arrivals) {
  const std::uint32_t first = next_sequence_[index(from)];
  const std::uint32_t reverse = next_sequence_[index(other(from))];
  const std::size_t size = segment_size();
  const std::size_t count = (window.size() + size - 1) / size;
  std::uint64_t received = 0;  // one bit a segment
  std::size_t unacknowledged = 0;
  for (const Arrival& arrival : arrivals) {
    const std::size_t at = arrival.segment * size;
    const View payload = window.subspan(at, std::min(size, window.size() - at));
    const auto flags = static_cast<std::uint8_t>(arrival.segment + 1 == count ? kAck | kPsh : kAck);
    now_ = std::max(now_, arrival.time);
    if (arrival.seen) {
      packet(arrival.time, from, flags, first + static_cast<std::uint32_t>(at), reverse, payload);
      if (arrival.arrives) world_.truth.tcp_payload[index(from)] += payload.size();
    }
    if (!arrival.arrives) continue;
    const auto expected = static_cast<std::size_t>(std::countr_one(received));
    received |= std::uint64_t{1} << arrival.segment;
    const auto contiguous = static_cast<std::size_t>(std::countr_one(received));
    const bool whole = contiguous == count;
    if (++unacknowledged < world_.segments_per_ack && !whole && arrival.segment == expected)
      continue;
    unacknowledged = 0;
    const std::size_t upto = std::min(contiguous * size, window.size());
    packet(arrival.time + round_trip_ / 2, other(from), kAck, reverse,
           first + static_cast<std::uint32_t>(upto), {});
  }
  now_ += round_trip_ / 2 + 20 * kMicrosecond;
}

}  // namespace wirelens::bench
