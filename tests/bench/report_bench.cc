// bench/report_bench.cc - the JSON writer on a record of HTTP, the largest there is.
#include <benchmark/benchmark.h>

#include <array>

#include "event/exchange.h"
#include "report/json_writer.h"

namespace wirelens {
namespace {

constexpr std::array<HeaderField, 12> kHeaders = {{
    {"Host", "shop.bench.test"},
    {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
    {"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
    {"Accept-Language", "en-GB,en;q=0.8"},
    {"Accept-Encoding", "gzip, deflate, br, zstd"},
    {"Connection", "keep-alive"},
    {"Cache-Control", "max-age=0"},
    {"ETag", "\"5f1c-62b5c1d0a9f40\""},
    {"X-Request-Id", "7f3c0f5e-51c4-4d4b-9a51-2c9a5a1e4f10"},
    {"Date", "Fri, 20 Nov 2026 21:00:44 GMT"},
    {"Via", "1.1 edge.bench.test"},
    {"Vary", "Accept-Encoding, Origin"},
}};

Exchange exchange() {
  Exchange record;
  record.version = "1.1";
  record.method = "GET";
  record.scheme = "http";
  record.host = "shop.bench.test";
  record.path = "/section-12/5f1c62b5?page=3";
  record.status = std::uint16_t{200};
  record.reason = "OK";
  record.request_headers = std::span(kHeaders).first(7);
  record.response_headers = std::span(kHeaders).last(8);
  record.response_body_bytes = 12'345;
  record.response_body_wire_bytes = 12'345;
  record.content_type = "text/html";
  record.request_packet = 123'456;
  record.response_packet = 123'460;
  record.timing.send = Duration(12'000);
  record.timing.wait = Duration(3'141'592);
  record.timing.receive = Duration(2'718'281);
  record.complete = true;
  return record;
}

void write_exchange(benchmark::State& state) {
  const Exchange record = exchange();
  const Event event(timestamp_ns(1'795'208'444'123'456'789), ConnectionId{7}, record);
  JsonWriter writer(1 << 20);
  std::int64_t bytes = 0;
  for (auto _ : state) {
    writer.begin_record(event.type().name, event.time(), event.connection());
    event.describe(writer);
    writer.end_record();
    bytes += static_cast<std::int64_t>(writer.size());
    benchmark::DoNotOptimize(writer.view().data());
    writer.clear();
  }
  state.SetBytesProcessed(bytes);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(write_exchange)->Name("json/http_record");

}  // namespace
}  // namespace wirelens
