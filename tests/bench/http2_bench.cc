// bench/http2_bench.cc - HTTP/2 exchanges through the dissector, and the same header blocks through
// its decoder and through nghttp2's inflater alone: the floor.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "all.h"
#include "bench/counting_context.h"
#include "dissect/conversation.h"
#include "event/exchange.h"
#include "http2/frame.h"
#include "http2/hpack.h"
#include "support/nghttp2.h"

namespace wirelens {
namespace {

constexpr std::size_t kSegment = 1'448;
constexpr std::uint32_t kExchanges = 256;
constexpr std::size_t kMaxPayload = 16'384;
constexpr std::size_t kTable = 4'096;

using Fields = std::vector<std::pair<std::string, std::string>>;

Fields request(std::uint32_t number) {
  return {{":method", "GET"},
          {":scheme", "https"},
          {":authority", "shop.bench.test"},
          {":path", "/section-12/" + std::to_string(number * 7919) + "?page=3"},
          {"user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
          {"accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
          {"accept-language", "en-GB,en;q=0.8"},
          {"accept-encoding", "gzip, deflate, br"},
          {"cookie", "theme=dark; cart=7f3c0f5e51c44d4b"},
          {"cache-control", "max-age=0"}};
}
Fields response(std::uint32_t number) {
  return {{":status", "200"},
          {"server", "bench/1.0"},
          {"content-type", "text/html; charset=utf-8"},
          {"date", "Fri, 20 Nov 2026 21:00:44 GMT"},
          {"etag", "\"5f1c-62b5c1d0a9f" + std::to_string(number) + "\""},
          {"vary", "Accept-Encoding, Origin"},
          {"x-request-id", "7f3c0f5e-51c4-4d4b-" + std::to_string(number)}};
}

std::vector<std::string> blocks(Fields (*fields_of)(std::uint32_t)) {
  testing::Nghttp2Deflater deflater(kTable);
  std::vector<std::string> all;
  for (std::uint32_t i = 0; i < kExchanges; ++i) all.push_back(deflater.block(fields_of(i)));
  return all;
}

std::string frame(http2::FrameType type, unsigned flags, std::uint32_t stream,
                  std::string_view payload) {
  std::string text;
  for (const int shift : {16, 8, 0}) text.push_back(static_cast<char>(payload.size() >> shift));
  text.push_back(static_cast<char>(type));
  text.push_back(static_cast<char>(flags));
  for (const int shift : {24, 16, 8, 0}) text.push_back(static_cast<char>(stream >> shift));
  return text.append(payload);
}

/// What each side says, exchange by exchange.
struct Talk {
  std::vector<std::string> client;
  std::vector<std::string> server;
  std::size_t bytes = 0;
};

Talk talk(std::size_t body) {
  using http2::FrameType;
  const std::vector<std::string> asked = blocks(request);
  const std::vector<std::string> answered = blocks(response);
  Talk talk;
  for (std::uint32_t i = 0; i < kExchanges; ++i) {
    const std::uint32_t stream = 2 * i + 1;
    const unsigned last = body == 0 ? http2::flag::kEndStream : 0u;
    std::string client = i == 0 ? std::string(http2::kPreface) : std::string();
    if (i == 0) client += frame(FrameType::settings, 0, 0, {});
    client += frame(FrameType::headers, 5, stream, asked[i]);
    std::string server = i == 0 ? frame(FrameType::settings, 0, 0, {}) : std::string();
    server += frame(FrameType::headers, 4 | last, stream, answered[i]);
    for (std::size_t left = body; left > 0;) {
      const std::size_t size = std::min(left, kMaxPayload);
      left -= size;
      server += frame(FrameType::data, left == 0 ? 1 : 0, stream, std::string(size, 'x'));
    }
    talk.bytes += client.size() + server.size();
    talk.client.push_back(std::move(client));
    talk.server.push_back(std::move(server));
  }
  return talk;
}

void converse(benchmark::State& state, std::size_t body) {
  const Talk said = talk(body);
  CountingContext<Exchange> counter(443);
  for (auto _ : state) {
    Conversation conversation(all_protocols(), counter.memory());
    for (std::size_t i = 0; i < kExchanges; ++i) {
      conversation.data(counter, Direction::from_client, as_bytes(said.client[i]), {1, {}});
      const std::string_view answer = said.server[i];
      for (std::size_t at = 0; at < answer.size(); at += kSegment) {
        conversation.data(counter, Direction::from_server, as_bytes(answer.substr(at, kSegment)),
                          {1, {}});
      }
    }
    conversation.finish(counter, {});
  }
  const auto runs = static_cast<std::uint64_t>(state.iterations());
  if (counter.told != runs * kExchanges) state.SkipWithError("exchanges were lost");
  state.SetItemsProcessed(static_cast<std::int64_t>(counter.told));
  state.SetBytesProcessed(static_cast<std::int64_t>(runs * said.bytes));
}

void inflate(const std::vector<std::string>& all) {
  testing::Nghttp2Inflater inflater(kTable);
  for (const std::string& block : all) {
    const auto take = [](std::string_view name, std::string_view value) {
      benchmark::DoNotOptimize(name);
      benchmark::DoNotOptimize(value);
    };
    if (!inflater.inflate(as_bytes(block), take)) return;
  }
}

void inflate_only(benchmark::State& state) {
  const std::vector<std::string> asked = blocks(request);
  const std::vector<std::string> answered = blocks(response);
  for (auto _ : state) {
    inflate(asked);
    inflate(answered);
  }
  state.SetItemsProcessed(state.iterations() * kExchanges);
}

/// The same through what stands around nghttp2's inflater: the gate is 1.15 times the floor.
void decode_only(benchmark::State& state) {
  struct Nobody final : http2::FieldSink {
    void field(std::string_view name, std::string_view value) override {
      benchmark::DoNotOptimize(name);
      benchmark::DoNotOptimize(value);
    }
    void unknown() override {}
  } nobody;
  const std::vector<std::string> asked = blocks(request);
  const std::vector<std::string> answered = blocks(response);
  for (auto _ : state) {
    for (const auto* all : {&asked, &answered}) {
      http2::HeaderDecoder decoder(*std::pmr::new_delete_resource());
      for (const std::string& block : *all) {
        benchmark::DoNotOptimize(decoder.decode(as_bytes(block), nobody));
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * kExchanges);
}

BENCHMARK(inflate_only)->Name("http2/nghttp2_inflate_only");
BENCHMARK(decode_only)->Name("http2/header_decoder");
BENCHMARK_CAPTURE(converse, heads, 0)->Name("http2/heads");
BENCHMARK_CAPTURE(converse, body, 16'000)->Name("http2/body_16k");
BENCHMARK_CAPTURE(converse, large, 1'000'000)->Name("http2/body_1m");

}  // namespace
}  // namespace wirelens
