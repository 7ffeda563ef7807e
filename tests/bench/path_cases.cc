// bench/path_cases.cc - inputs of length n that a careless analyzer answers with n * n work.
#include <algorithm>
#include <array>
#include <stdexcept>

#include "bench/material.h"
#include "bench/workloads.h"

namespace wirelens::bench {
namespace {

constexpr std::int64_t kGap = 1'000;
constexpr std::uint32_t kClientStart = 1'000'000;
constexpr std::uint32_t kServerStart = 2'000'000;
constexpr std::string_view kHost = "path.bench.test";

/// One connection whose segments a case places by hand, at relative sequence numbers.
class Placer {
 public:
  explicit Placer(Output& out) : out_(out), ends_(endpoints(1, 1, 80)) {}

  void handshake() {
    const auto minus_one = static_cast<std::uint32_t>(-1);
    segment(From::client, kSyn, minus_one, 0, {});
    segment(From::server, kSyn | kAck, minus_one, 0, {});
    segment(From::client, kAck, 0, 0, {});
    ++out_.truth.tcp_flows;
    ++out_.truth.handshakes;
  }

  /// `at` and `acknowledged` count from each end's first data byte.
  void segment(From from, std::uint8_t flags, std::uint32_t at, std::uint32_t acknowledged,
               View payload) {
    const bool client = from == From::client;
    TcpFields fields;
    fields.sequence = (client ? kClientStart : kServerStart) + at;
    const bool acks = (flags & kAck) != 0;
    fields.acknowledgment = acks ? (client ? kServerStart : kClientStart) + acknowledged : 0;
    fields.flags = flags;
    out_.writer.write(time_, out_.builder.tcp(ends_, from, ip_id_++, fields, payload));
    time_ += kGap;
  }

  void data(From from, std::uint32_t at, View payload) { segment(from, kAck, at, 0, payload); }

  /// In order, in segments of `size`, as new bytes; returns the position behind them.
  std::uint32_t stream(From from, std::uint32_t at, std::string_view text, std::size_t size) {
    for (std::size_t done = 0; done < text.size(); done += size) {
      const std::string_view piece = text.substr(done, size);
      data(from, at, {reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size()});
      at += static_cast<std::uint32_t>(piece.size());
    }
    count(from, text.size());
    return at;
  }

  void count(From from, std::uint64_t unique) { out_.truth.tcp_payload[index(from)] += unique; }
  void jump(std::int64_t nanoseconds) { time_ += nanoseconds; }
  std::int64_t time() const { return time_; }
  const Endpoints& ends() const { return ends_; }

 private:
  Output& out_;
  Endpoints ends_;
  std::int64_t time_ = kEpoch;
  std::uint16_t ip_id_ = 0;
};

std::string request_to(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(kHost) + "\r\n\r\n";
}

// The same byte at every position, so that overlapping copies never contradict each other.
View alike(std::size_t size) {
  static const Bytes bytes(2'000, 'x');
  return View(bytes).first(size);
}

void never_filled_hole(std::uint64_t n, Draws&, Output& out) {
  Placer placer(out);
  placer.handshake();
  for (std::uint32_t i = 0; i < n; ++i) placer.data(From::client, 1 + i * 100, alike(100));
  placer.count(From::client, n * 100);
}

void reversed_bytes(std::uint64_t n, Draws&, Output& out) {
  Placer placer(out);
  placer.handshake();
  for (auto i = static_cast<std::uint32_t>(n); i > 0; --i) {
    placer.data(From::client, i - 1, alike(1));
  }
  placer.count(From::client, n);
}

void duplicates(std::uint64_t n, Draws&, Output& out) {
  Placer placer(out);
  placer.handshake();
  placer.data(From::client, 0, alike(100));
  placer.data(From::client, 1'000, alike(100));
  for (std::uint64_t i = 0; i < n; ++i)
    placer.data(From::client, i % 2 == 0 ? 0 : 1'000, alike(100));
  placer.count(From::client, 200);
}

// Random pieces of a range that begins behind a hole; what they cover together is the truth.
void overlap_storm(std::uint64_t n, Draws& draws, Output& out) {
  Placer placer(out);
  placer.handshake();
  std::vector<bool> covered(n * 64 + 1'500);
  for (std::uint64_t i = 0; i < n; ++i) {
    const std::uint64_t at = draws.below(n * 64);
    const std::uint64_t size = draws.between(1, 1'400);
    placer.data(From::client, static_cast<std::uint32_t>(at + 1), alike(size));
    for (std::uint64_t byte = at; byte < at + size; ++byte) covered[byte] = true;
  }
  placer.count(From::client,
               static_cast<std::uint64_t>(std::count(covered.begin(), covered.end(), true)));
}

void byte_by_byte_head(std::uint64_t n, Draws&, Output& out) {
  Placer placer(out);
  placer.handshake();
  std::uint32_t at = 0;
  const std::string request = request_to("/slow");
  for (std::uint64_t i = 0; at < n; ++i) {
    at = placer.stream(From::client, at, request, 1);
    out.truth.exchange(i, "GET", kHost, "/slow", 0);
  }
}

void long_header_line(std::uint64_t n, Draws&, Output& out) {
  Placer placer(out);
  placer.handshake();
  const std::string text = "GET / HTTP/1.1\r\nX-Long: " + std::string(n, 'a');
  placer.stream(From::client, 0, text, 1'448);
}

void one_byte_chunks(std::uint64_t n, Draws&, Output& out) {
  Placer placer(out);
  placer.handshake();
  placer.stream(From::client, 0, request_to("/chunks"), 1'448);
  std::string response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::uint64_t i = 0; i < n; ++i) response += "1\r\nx\r\n";
  placer.stream(From::server, 0, response + "0\r\n\r\n", 1'448);
  out.truth.exchange(0, "GET", kHost, "/chunks", 200);
}

void wild_clock(std::uint64_t n, Draws& draws, Output& out) {
  constexpr std::int64_t kTenYears = std::int64_t{3'652} * 86'400 * 1'000'000'000;
  Placer placer(out);
  placer.handshake();
  bool away = false;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (i % 100 == 50) {
      placer.jump(away ? -kTenYears : kTenYears);
      away = !away;
    } else if (placer.time() > kEpoch + 60'000'000'000 && draws.chance(300'000)) {
      placer.jump(-static_cast<std::int64_t>(draws.below(30'000'000'000)));
    } else {
      placer.jump(static_cast<std::int64_t>(draws.below(20'000'000'000)));
    }
    placer.data(From::client, i * 10, alike(10));
  }
  placer.count(From::client, n * 10);
}

void lone_fragments(std::uint64_t n, Draws& draws, Output& out) {
  const View payload = opaque(draws, 64);
  for (std::uint64_t i = 0; i < n; ++i) {
    const Endpoints ends = endpoints(i / 65'536, 1, 7'000);
    const auto offset = static_cast<std::uint16_t>(i % 3 * 64);
    out.writer.write(kEpoch + static_cast<std::int64_t>(i) * kGap,
                     out.builder.ipv4_fragment(ends, From::client, static_cast<std::uint16_t>(i),
                                               offset, true, payload));
  }
}

void one_sided_pipeline(std::uint64_t n, Draws&, Output& out) {
  Placer placer(out);
  placer.handshake();
  std::uint32_t at = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    const std::string path = "/item-" + std::to_string(i);
    at = placer.stream(From::client, at, request_to(path), 1'448);
    out.truth.exchange(i, "GET", kHost, path, 0);
  }
}

using Case = void (*)(std::uint64_t n, Draws& draws, Output& out);

constexpr std::array<std::string_view, 10> kNames = {
    "hole",   "reverse", "duplicates", "overlaps",  "byte-head",
    "header", "chunks",  "clock",      "fragments", "one-sided"};
constexpr std::array<Case, 10> kCases = {
    never_filled_hole, reversed_bytes,  duplicates, overlap_storm,  byte_by_byte_head,
    long_header_line,  one_byte_chunks, wild_clock, lone_fragments, one_sided_pipeline};

}  // namespace

std::span<const std::string_view> path_cases() {
  return kNames;
}

void make_path(const Options& options, Output& out) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), options.name);
  if (found == kNames.end()) throw std::runtime_error("no such case: " + options.name);
  Draws draws(options.seed, 0);
  kCases[static_cast<std::size_t>(found - kNames.begin())](options.n == 0 ? 100'000 : options.n,
                                                           draws, out);
}

}  // namespace wirelens::bench
