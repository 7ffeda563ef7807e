// bench/http1_bench.cc - HTTP/1 exchanges through the dissector, without TCP around it.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

#include "all.h"
#include "bench/counting_context.h"
#include "dissect/conversation.h"
#include "event/exchange.h"
#include "http1/head_scan.h"
#include "http1/message.h"
#include "http1/text_marks.h"

namespace wirelens {
namespace {

constexpr std::size_t kSegment = 1'448;
constexpr std::size_t kExchanges = 256;

std::string request() {
  return "GET /section-12/5f1c62b5?page=3 HTTP/1.1\r\nHost: shop.bench.test\r\n"
         "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
         "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
         "Accept-Language: en-GB,en;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n"
         "Connection: keep-alive\r\nCache-Control: max-age=0\r\n\r\n";
}

std::string response(std::size_t body, std::size_t chunk) {
  std::string text =
      "HTTP/1.1 200 OK\r\nServer: bench/1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
      "Date: Fri, 20 Nov 2026 21:00:44 GMT\r\nETag: \"5f1c-62b5c1d0a9f40\"\r\n"
      "Vary: Accept-Encoding, Origin\r\nX-Request-Id: 7f3c0f5e-51c4-4d4b-9a51\r\n";
  if (chunk == 0) {
    return text + "Content-Length: " + std::to_string(body) + "\r\n\r\n" + std::string(body, 'x');
  }
  text += "Transfer-Encoding: chunked\r\n\r\n";
  char size[32];
  for (std::size_t at = 0; at < body; at += chunk) {
    std::snprintf(size, sizeof size, "%zx\r\n", chunk);
    text += size + std::string(chunk, 'x') + "\r\n";
  }
  return text + "0\r\n\r\n";
}

void converse(benchmark::State& state, std::size_t body, std::size_t chunk) {
  const std::string question = request();
  const std::string answer = response(body, chunk);
  CountingContext<Exchange> counter(80);
  for (auto _ : state) {
    Conversation conversation(all_protocols(), counter.memory());
    for (std::size_t i = 0; i < kExchanges; ++i) {
      conversation.data(counter, Direction::from_client, as_bytes(question), {});
      for (std::size_t at = 0; at < answer.size(); at += kSegment) {
        const std::string_view part = std::string_view(answer).substr(at, kSegment);
        conversation.data(counter, Direction::from_server, as_bytes(part), {});
      }
    }
    conversation.finish(counter, {});
  }
  const auto runs = static_cast<std::uint64_t>(state.iterations());
  if (counter.told != runs * kExchanges) state.SkipWithError("exchanges were lost");
  state.SetItemsProcessed(static_cast<std::int64_t>(counter.told));
  state.SetBytesProcessed(
      static_cast<std::int64_t>(runs * kExchanges * (question.size() + answer.size())));
}
/// The parser alone: finding a head's end, then reading its lines.
void parse(benchmark::State& state, http1::Kind kind, const std::string& head) {
  std::string text = head;
  alignas(HeaderField) std::byte fields[32 * sizeof(HeaderField)];
  for (auto _ : state) {
    http1::HeadScan scan(kind, false);
    scan.begin();
    benchmark::DoNotOptimize(scan(as_bytes(text), 0));
    http1::HeadParser parser(kind, reinterpret_cast<HeaderField*>(fields), 32);
    parser.parse(text.data(), http1::TextMarks(text));
    benchmark::DoNotOptimize(parser.finish().fields);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(head.size()));
}
BENCHMARK_CAPTURE(parse, request, http1::Kind::request, request())->Name("http1/parse_request");
BENCHMARK_CAPTURE(parse, response, http1::Kind::response, response(0, 0))
    ->Name("http1/parse_response");

BENCHMARK_CAPTURE(converse, heads, 0, 0)->Name("http1/heads");
BENCHMARK_CAPTURE(converse, body, 16'000, 0)->Name("http1/body_16k");
BENCHMARK_CAPTURE(converse, chunks, 16'000, 100)->Name("http1/chunks_of_100");

}  // namespace
}  // namespace wirelens
