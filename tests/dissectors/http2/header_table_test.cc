// HPACK's dynamic table against a plain list of strings, and its memory.
#include "http2/header_table.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>
#include <string>

namespace wirelens::http2 {
namespace {

/// Counts what is asked for, as malloc would hand it out.
class Counting final : public std::pmr::memory_resource {
 public:
  std::size_t held = 0;
  std::size_t most = 0;
  std::size_t requests = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    held += bytes + 16;
    most = std::max(most, held);
    ++requests;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
    held -= bytes + 16;
    std::pmr::new_delete_resource()->deallocate(at, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

/// Section 4 of RFC 7541, word for word.
struct Plain {
  struct Entry {
    std::string name, value;
    bool known;
    std::size_t size() const { return name.size() + value.size() + 32; }
  };
  std::deque<Entry> entries;
  std::size_t limit = 4096;

  std::size_t size() const {
    std::size_t sum = 0;
    for (const Entry& each : entries) sum += each.size();
    return sum;
  }
  void evict(std::size_t room) {
    while (!entries.empty() && size() + room > limit) entries.pop_back();
  }
  void insert(Entry entry) {
    evict(entry.size());
    if (entry.size() <= limit) entries.push_front(std::move(entry));
  }
};

void expect_same(const HeaderTable& table, const Plain& plain) {
  ASSERT_EQ(table.entries(), plain.entries.size());
  ASSERT_EQ(table.size(), plain.size());
  for (std::size_t i = 0; i < plain.entries.size(); ++i) {
    const auto entry = table.at(i);
    ASSERT_EQ(entry.has_value(), plain.entries[i].known);
    if (!entry) continue;
    ASSERT_EQ(entry->first, plain.entries[i].name);
    ASSERT_EQ(entry->second, plain.entries[i].value);
  }
}

TEST(HeaderTable, IsAListOfStrings) {
  std::mt19937 random(23);
  for (int round = 0; round < 40; ++round) {
    Counting memory;
    {
      HeaderTable table(memory);
      Plain plain;
      const std::size_t longest = std::array<std::size_t, 4>{5, 60, 600, 6000}[random() % 4];
      for (int i = 0; i < 600; ++i) {
        const std::string name(random() % 30, static_cast<char>('a' + random() % 26));
        const std::string value(random() % longest, static_cast<char>('a' + random() % 26));
        if (random() % 150 == 0) {
          plain.limit = std::array<std::size_t, 4>{0, 200, 4096, 65536}[random() % 4];
          plain.evict(0);
          table.limit(static_cast<std::uint32_t>(plain.limit));
        } else if (random() % 20 == 0) {
          plain.insert({"", value, false});
          table.insert_unknown(value.size());
        } else {
          plain.insert({name, value, true});
          table.insert({name, value});
        }
        ASSERT_NO_FATAL_FAILURE(expect_same(table, plain));
      }
      table.clear();
      EXPECT_EQ(table.entries(), 0u);
      EXPECT_EQ(memory.held, 0u);
    }
  }
}

/// What section 4.1 lets an entry count is what it takes here, whatever the entries are like.
TEST(HeaderTable, TakesNoMoreThanItsSize) {
  for (const std::size_t text : {0u, 1u, 10u, 30u, 100u, 1000u, 3000u}) {
    Counting memory;
    HeaderTable table(memory);
    const std::string value(text, 'v');
    for (int i = 0; i < 3000; ++i) table.insert({"", value});
    EXPECT_LE(memory.held, 4096 + 512 + 32u) << text;
    EXPECT_LE(memory.requests, 20u) << "asks for memory while it grows, and never again";
  }
}

TEST(HeaderTable, TakesNothingBeforeItsFirstEntry) {
  Counting memory;
  HeaderTable table(memory);
  table.limit(65536);
  EXPECT_EQ(memory.requests, 0u);
}

}  // namespace
}  // namespace wirelens::http2
