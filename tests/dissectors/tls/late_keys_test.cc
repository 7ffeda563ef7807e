// A key log that somebody writes while packets pass: from which exchange on they can be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "all.h"
#include "capture/source.h"
#include "engine/engine.h"
#include "event/exchange.h"
#include "support/scratch_file.h"
#include "support/tree.h"

namespace wirelens::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kCapture = tree("captures/tls/shop.pcap");

/// A savefile that comes as an interface does, and pauses behind a packet. Behind the pause the key
/// log is there.
class Paused final : public Source {
 public:
  Paused(std::unique_ptr<Source> source, std::uint64_t behind, std::string log)
      : source_(std::move(source)), behind_(behind), log_(std::move(log)) {}

  ReadResult read(std::span<Packet> packets) override {
    if (read_ == behind_ && !paused_) {
      paused_ = true;
      return {};
    }
    if (read_ == behind_) {
      std::ifstream from(kCapture + ".keys", std::ios::binary);
      std::ofstream(log_, std::ios::binary) << from.rdbuf();
    }
    const ReadResult result = source_->read(packets.first(1));
    read_ += result.count;
    return result;
  }
  const std::vector<Interface>& interfaces() const override { return source_->interfaces(); }
  const Annotations& annotations() const override { return source_->annotations(); }
  const std::vector<Damage>& damages() const override { return source_->damages(); }
  const std::vector<std::string>& names() const override { return source_->names(); }
  const std::vector<std::string>& remarks() const override { return source_->remarks(); }
  std::uint64_t bytes_read() const override { return source_->bytes_read(); }
  std::optional<std::uint64_t> bytes_total() const override { return std::nullopt; }

 private:
  std::unique_ptr<Source> source_;
  std::uint64_t behind_;
  std::string log_;
  std::uint64_t read_ = 0;
  bool paused_ = false;
};

class Exchanges final : public EventSink {
 public:
  void write(const Event& event) override {
    EXPECT_STRNE(std::string(event.type().name).c_str(), "flaw");
    const auto* exchange = event.as<Exchange>();
    if (exchange == nullptr) return;
    std::ostringstream text;
    text << *event.connection() << ' ' << exchange->path.value_or("?") << ' '
         << exchange->status.value_or(0) << ' ' << exchange->response_body_bytes.value_or(0);
    seen.push_back(text.str());
  }
  std::vector<std::string> seen;
};

std::vector<std::string> read_with_log_behind(std::uint64_t packet) {
  const ScratchFile log("");
  EngineOptions options;
  options.protocols = all_protocols();
  options.growing_key_log = log.path();
  Exchanges found;
  const SourceOpener open = [&]() -> Result<std::unique_ptr<Source>> {
    auto file = open_savefile(kCapture, {});
    if (!file) return file.error();
    return std::unique_ptr<Source>(new Paused(std::move(*file), packet, log.path()));
  };
  EXPECT_TRUE(run(open, options, {}, found));
  return found.seen;
}

TEST(LateKeys, OpenWhatFollowsThem) {
  // The first connection is TLS 1.3, its exchanges begin with the packets 13, 15 and 64.
  EXPECT_THAT(read_with_log_behind(9),
              ElementsAre("0 / 200 24", "0 /big.bin 200 60000", "0 /a.css 200 900", "1 / 200 24",
                          "1 /big.bin 200 60000", "1 /a.css 200 900"));
  EXPECT_THAT(read_with_log_behind(14),
              ElementsAre("0 /big.bin 200 60000", "0 /a.css 200 900", "1 / 200 24",
                          "1 /big.bin 200 60000", "1 /a.css 200 900"));
  EXPECT_THAT(read_with_log_behind(63), ElementsAre("0 /a.css 200 900", "1 / 200 24",
                                                    "1 /big.bin 200 60000", "1 /a.css 200 900"));
}

TEST(LateKeys, OpenTls12Likewise) {
  // The second one is TLS 1.2: 79, 81 and 130.
  EXPECT_THAT(read_with_log_behind(78),
              ElementsAre("1 / 200 24", "1 /big.bin 200 60000", "1 /a.css 200 900"));
  EXPECT_THAT(read_with_log_behind(80), ElementsAre("1 /big.bin 200 60000", "1 /a.css 200 900"));
  EXPECT_THAT(read_with_log_behind(129), ElementsAre("1 /a.css 200 900"));
}

TEST(LateKeys, BehindEverythingOpenNothing) {
  EXPECT_THAT(read_with_log_behind(140), IsEmpty());
}

}  // namespace
}  // namespace wirelens::tls
