// bench/many_flows.cc - small, flows, flood and fixed: packets that need hardly any conversation.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "bench/http_flow.h"
#include "bench/material.h"
#include "bench/workloads.h"

namespace wirelens::bench {
namespace {

constexpr std::size_t kSmallFrame = 64;
constexpr std::size_t kIdlePayload = 24;

// Of 100 flows of `small`: so many connections, then lone SYNs; the rest are lone datagrams.
constexpr std::uint64_t kConnections = 55;
constexpr std::uint64_t kLoneSyns = 25;

// Of some flow of `small` that is below `limit`: the next one down that is a connection.
std::uint64_t connection_below(std::uint64_t limit, Draws& draws) {
  const std::uint64_t flow = draws.below(limit);
  return flow % 100 < kConnections ? flow : flow - flow % 100 + draws.below(kConnections);
}

// Whether an address can be the source of a packet that a router would let pass, and is nobody's.
constexpr bool can_be_spoofed(std::uint32_t address) {
  const std::uint32_t first = address >> 24;
  return first != 0 && first != 10 && first != 127 && first != 198 && first < 224;
}

/// One connection, told packet by packet: no options, sequence numbers that follow from the flow.
struct Conversation {
  std::array<std::uint32_t, 2> next{};
  std::uint8_t step = 0;
};

void send_tcp(Output& out, std::int64_t time, const Endpoints& ends, From from, std::uint8_t flags,
              std::array<std::uint32_t, 2>& next, View payload) {
  TcpFields fields;
  fields.sequence = next[index(from)];
  fields.acknowledgment = (flags & kAck) != 0 ? next[index(other(from))] : 0;
  fields.flags = flags;
  const auto id = static_cast<std::uint16_t>(fields.sequence);
  out.writer.write(time, out.builder.tcp(ends, from, id, fields, payload));
  next[index(from)] += static_cast<std::uint32_t>(payload.size()) + ((flags & (kSyn | kFin)) != 0);
  out.truth.tcp_payload[index(from)] += payload.size();
}

/// The n-th packet of a connection: handshake, then data and pure ACKs in turn.
void converse(Output& out, std::int64_t time, const Endpoints& ends, Conversation& talk,
              Draws& draws, std::size_t payload) {
  const std::uint8_t step = talk.step;
  talk.step = step == 6 ? 3 : static_cast<std::uint8_t>(step + 1);
  switch (step) {
    case 0:
      return send_tcp(out, time, ends, From::client, kSyn, talk.next, {});
    case 1:
      return send_tcp(out, time, ends, From::server, kSyn | kAck, talk.next, {});
    case 2:
      ++out.truth.handshakes;
      return send_tcp(out, time, ends, From::client, kAck, talk.next, {});
    case 3:
      return send_tcp(out, time, ends, From::client, kAck | kPsh, talk.next,
                      opaque(draws, payload));
    case 4:
      return send_tcp(out, time, ends, From::server, kAck, talk.next, {});
    case 5:
      return send_tcp(out, time, ends, From::server, kAck | kPsh, talk.next,
                      opaque(draws, payload));
    default:
      return send_tcp(out, time, ends, From::client, kAck, talk.next, {});
  }
}

Conversation begin_conversation(const Options& options, std::uint64_t flow) {
  Draws draws(options.seed, flow);
  Conversation talk;
  for (auto& next : talk.next) next = static_cast<std::uint32_t>(draws.next());
  return talk;
}

void lone_packet(Output& out, std::int64_t time, const Endpoints& ends, bool syn, Draws& draws) {
  if (syn) {
    std::array<std::uint32_t, 2> next = {static_cast<std::uint32_t>(draws.next()), 0};
    send_tcp(out, time, ends, From::client, kSyn, next, {});
    ++out.truth.tcp_flows;
    ++out.truth.unanswered;
    return;
  }
  constexpr std::size_t kPayload = kSmallFrame - 14 - 20 - 8;
  out.writer.write(time, out.builder.udp(ends, From::client, 0, opaque(draws, kPayload)));
  ++out.truth.udp_flows;
  out.truth.udp_payload[0] += kPayload;
}

}  // namespace

void make_small(const Options& options, Output& out) {
  const std::uint64_t flows = options.flows == 0 ? 100'000 : options.flows;
  const std::uint64_t packets = options.packets == 0 ? 2'000'000 : options.packets;
  out.builder = FrameBuilder(kSmallFrame);
  std::vector<Conversation> talks(flows);
  Draws draws(options.seed, UINT64_MAX);
  std::uint64_t fresh = 0;  // flows below this one have begun
  std::int64_t time = kEpoch;
  for (std::uint64_t packet = 0; packet < packets; ++packet, time += 1'000) {
    // New flows begin evenly over the whole length; between them a random old one speaks.
    const bool begins = fresh < flows && packet * flows >= fresh * packets;
    const std::uint64_t flow = begins ? fresh++ : connection_below(fresh, draws);
    const std::uint64_t kind = flow % 100;
    const bool syn = kind >= kConnections && kind < kConnections + kLoneSyns;
    const Endpoints ends = endpoints(flow, flow / 16, syn ? 22 : 7'000);
    if (kind >= kConnections) {
      lone_packet(out, time, ends, syn, draws);
      continue;
    }
    if (begins) {
      talks[flow] = begin_conversation(options, flow);
      ++out.truth.tcp_flows;
    }
    const std::size_t payload = draws.between(1, 10);
    converse(out, time, ends, talks[flow], draws, payload);
  }
}

void make_flows(const Options& options, Output& out) {
  const std::uint64_t flows = options.flows == 0 ? 10'000 : options.flows;
  constexpr std::int64_t kGap = 10'000;  // nanoseconds; so that a flow is idle between its packets
  constexpr std::uint64_t kLag = 64;     // flows that a handshake is in progress for
  std::vector<Conversation> talks(flows);
  Draws draws(options.seed, UINT64_MAX);
  std::int64_t time = kEpoch;
  const auto speak = [&](std::uint64_t flow) {
    converse(out, time, endpoints(flow, flow / 1'024, 7'000), talks[flow], draws, kIdlePayload);
    time += kGap;
  };
  for (std::uint64_t at = 0; at < flows + 2 * kLag; ++at) {
    if (at < flows) {
      talks[at] = begin_conversation(options, at);
      speak(at);
    }
    if (at >= kLag && at - kLag < flows) speak(at - kLag);
    if (at >= 2 * kLag) speak(at - 2 * kLag);
  }
  out.truth.tcp_flows = flows;
  for (std::uint64_t i = 0; options.zipf && i < options.rounds * flows; ++i) {
    // Zipf with exponent 1, near enough: the rank is uniform in its logarithm.
    speak(draws.below(flows) >> draws.below(24));
  }
  for (std::uint64_t round = 0; !options.zipf && round < options.rounds; round += 2) {
    // What one end says is acknowledged while the next flows speak: then the flow is idle.
    for (std::uint64_t at = 0; at < flows + kLag; ++at) {
      if (at < flows) speak(at);
      if (at >= kLag) speak(at - kLag);
    }
  }
}

namespace {

/// The connection that is older than the flood: opens at once, asks only when it is over.
class PatientFlow final : public TcpFlow {
 public:
  PatientFlow(const Endpoints& ends, const World& world, Draws draws, std::int64_t start,
              std::int64_t patience)
      : TcpFlow(ends, world, draws, start), patience_(patience) {}

 private:
  bool compose() override {
    switch (step_++) {
      case 0:
        open();
        wait(patience_);
        return true;
      case 1: {
        constexpr char kRequest[] = "GET /patient HTTP/1.1\r\nHost: flood.bench.test\r\n\r\n";
        constexpr char kResponse[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        say(From::client, kRequest);
        say(From::server, kResponse);
        world().truth.exchange(0, "GET", "flood.bench.test", "/patient", 200);
        close(From::client);
        return true;
      }
      default:
        return false;
    }
  }

  void say(From from, const char* text) {
    send(from, {reinterpret_cast<const std::uint8_t*>(text), std::strlen(text)});
  }

  std::int64_t patience_;
  int step_ = 0;
};

}  // namespace

void make_flood(const Options& options, Output& out) {
  const std::uint64_t syns = options.n == 0 ? 5'000'000 : options.n;
  const std::uint64_t exchanges = options.flows == 0 ? 500 : options.flows;
  constexpr std::int64_t kGap = 1'000;
  const World world{.seed = options.seed, .truth = out.truth};
  Merge merge(out.builder, out.writer);
  const auto length = static_cast<std::int64_t>(syns) * kGap;
  const Endpoints patient = endpoints(exchanges, 0, 80);
  merge.add(std::make_unique<PatientFlow>(patient, world, Draws(options.seed, exchanges), kEpoch,
                                          length + 1'000'000'000));
  const std::int64_t begin = kEpoch + 500'000'000;
  for (std::uint64_t i = 0; i + 1 < exchanges; ++i) {
    const std::int64_t start =
        begin + length / static_cast<std::int64_t>(exchanges) * static_cast<std::int64_t>(i);
    const HttpPlan plan{.exchanges = 1, .largest_body = 20'000};
    merge.add(std::make_unique<HttpFlow>(endpoints(i, 0, 80), world, Draws(options.seed, i), start,
                                         plan));
  }
  Draws draws(options.seed, UINT64_MAX);
  Endpoints ends = endpoints(0, 0, 80);
  std::uint32_t source = 0;
  for (std::uint64_t i = 0; i < syns; ++i) {
    const std::int64_t time = begin + static_cast<std::int64_t>(i) * kGap;
    merge.run_until(time);
    // Multiplication by an odd number is a bijection of 2^32: every source is another one.
    do {
      source += 2'654'435'761U;
    } while (!can_be_spoofed(source));
    ends.address[0] = ipv4(source);
    ends.port[0] = static_cast<std::uint16_t>(draws.between(1'024, 65'535));
    TcpFields fields;
    fields.sequence = static_cast<std::uint32_t>(draws.next());
    fields.flags = kSyn;
    const auto id = static_cast<std::uint16_t>(i);
    out.writer.write(time, out.builder.tcp(ends, From::client, id, fields, {}));
  }
  out.truth.tcp_flows += syns;
  out.truth.unanswered += syns;
  merge.run_to_end();
}

void make_fixed(const Options& options, Output& out) {
  constexpr std::uint64_t kHeaders = 14 + 20 + 8;
  const std::uint64_t packets = options.packets == 0 ? 1'000'000 : options.packets;
  const std::uint64_t size = std::clamp<std::uint64_t>(options.size, 60, 9'014) - kHeaders;
  const Endpoints ends = endpoints(0, 0, 7'000);
  Draws draws(options.seed, 0);
  for (std::uint64_t i = 0; i < packets; ++i) {
    const View frame =
        out.builder.udp(ends, From::client, static_cast<std::uint16_t>(i), opaque(draws, size));
    out.writer.write(kEpoch + static_cast<std::int64_t>(i) * 1'000, frame);
  }
  out.truth.udp_flows = 1;
  out.truth.udp_payload[0] = packets * size;
}

}  // namespace wirelens::bench
