// report/packed_table_test.cc - what a page unpacks is what was told.
#include "report/packed_table.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "event/records.h"
#include "support/packed_rows.h"

namespace wirelens {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr Timestamp kStart = timestamp_ns(1'795'208'444'000'000'000);

Connection connection(ConnectionId id) {
  Connection record;
  record.id = id;
  record.transport = "tcp";
  record.client = {"10.0.0.1", 40'000};
  record.server = {"2001:db8::1", 443};
  return record;
}

TEST(PackedTable, ColumnsAreFieldsAndAbsentIsNull) {
  PackedTable table(kStart);
  const std::string_view protocols[] = {"tls", "http2"};
  Connection first = connection(0);
  first.protocols = protocols;
  first.sent.rtt = RoundTrip{1ms, 2ms, 3ms, 4};
  table.add(Event(kStart, std::nullopt, first));
  Connection second = connection(1);
  second.server_name = "a\"\xFF<";
  table.add(Event(kStart + 1500ms, std::nullopt, second));
  const json chunk = packed_chunks(table).at(0);
  EXPECT_EQ(chunk["n"], 2);
  const json& columns = chunk["c"];
  EXPECT_EQ(columns["ts"], json::parse("[0,1.5]"));
  EXPECT_EQ(columns["id"], json::parse("[0,1]"));
  EXPECT_EQ(columns["client.port"], json::parse("[40000,40000]"));
  EXPECT_EQ(columns["protocols"], json::parse(R"([["tls","http2"],[]])"));
  EXPECT_EQ(columns["sent.rtt.mean"], json::parse("[0.002,null]"));
  EXPECT_EQ(columns["server_name"], json::parse(R"([null,"a\"\\xff<"])"));
  EXPECT_EQ(columns["sent.packets"], json::parse("[0,0]"));
  EXPECT_FALSE(columns.contains("sent"));
}

TEST(PackedTable, ListsOfObjectsAreValues) {
  const CaptureEnd::Count counts[] = {{"a", 1}, {"b", 2}};
  CaptureEnd end;
  end.malformed = counts;
  PackedTable table(kStart);
  table.add(Event(kStart, 7, end));
  const json columns = packed_chunks(table).at(0)["c"];
  EXPECT_EQ(columns["malformed"][0][1]["name"], "b");
  EXPECT_EQ(columns["malformed"][0][1]["count"], 2);
  EXPECT_EQ(columns["conn"][0], 7);
}

TEST(PackedTable, ManyRowsAreSeveralChunks) {
  PackedTable table(kStart);
  constexpr std::uint64_t kMany = 3 * PackedTable::kRows + 17;
  for (std::uint64_t id = 0; id < kMany; ++id) {
    Connection record = connection(id);
    if (id == 2 * PackedTable::kRows + 5) record.tunnel = "gre";  // a column that comes late
    table.add(Event(kStart, std::nullopt, record));
  }
  EXPECT_EQ(table.rows(), kMany);
  std::uint64_t next = 0, tunnels = 0;
  for (const json& chunk : packed_chunks(table)) {
    for (const json& id : chunk["c"]["id"]) EXPECT_EQ(id, next++);
    for (const auto& [path, column] : chunk["c"].items()) EXPECT_EQ(column.size(), chunk["n"]);
    tunnels += chunk["c"].contains("tunnel");
  }
  EXPECT_EQ(next, kMany);
  EXPECT_EQ(tunnels, 1u);
  EXPECT_LT(table.packed().size(), kMany * 40) << "a connection packs to a few bytes";
}

TEST(PackedTable, NothingIsAStreamToo) {
  PackedTable table(kStart);
  EXPECT_TRUE(packed_chunks(table).empty());
}

}  // namespace
}  // namespace wirelens
