// bench/healthy_test.cc - an hour of mixed traffic that nothing is wrong with: rules keep quiet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "all.h"
#include "bench/generated.h"
#include "capture/source.h"
#include "engine/engine.h"
#include "event/finding.h"

namespace wirelens::bench {
namespace {

class Graver final : public EventSink {
 public:
  void write(const Event& event) override {
    exchanges += event.type().name == "http";
    if (const auto* end = event.as<CaptureEnd>()) last = *end->last_ts;
    const auto* finding = event.as<Finding>();
    if (finding == nullptr || finding->severity <= Severity::low) return;
    findings.push_back(std::string(finding->rule) + " " + std::string(name_of(finding->severity)) +
                       ": " + std::string(finding->why));
  }
  std::vector<std::string> findings;
  std::uint64_t exchanges = 0;
  Timestamp last{};
};

TEST(HealthyHour, HasNoFindingAboveLow) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    Options options;
    options.seed = seed;
    options.packets = 60'000;
    const Generated made("hour", options);
    EngineOptions engine;
    engine.protocols = all_protocols();
    engine.rules = all_rules();
    Graver graver;
    const SourceOpener open = [&] { return open_savefile(made.path(), {}); };
    ASSERT_TRUE(run(open, engine, {}, graver));
    EXPECT_THAT(graver.findings, testing::IsEmpty()) << "seed " << seed;
    EXPECT_GT(graver.exchanges, 1000u);
    EXPECT_GT(graver.last - timestamp_ns(kEpoch), std::chrono::minutes(55));
  }
}

}  // namespace
}  // namespace wirelens::bench
