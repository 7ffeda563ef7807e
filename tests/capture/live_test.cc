// capture/live_test.cc - captures from interfaces that the test makes, in a network of its own.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "capture/drop_counters.h"
#include "capture/source.h"

namespace wirelens {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// An Ethernet interface whose cable ends in this program. It is gone when this is.
class Tap {
 public:
  explicit Tap(const char* name) : descriptor_(open("/dev/net/tun", O_RDWR | O_CLOEXEC)) {
    std::strncpy(request_.ifr_name, name, IFNAMSIZ - 1);
    request_.ifr_flags = IFF_TAP | IFF_NO_PI;
    made_ = descriptor_ >= 0 && ioctl(descriptor_, TUNSETIFF, &request_) == 0;
  }
  ~Tap() { close(descriptor_); }
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  bool made() const { return made_; }
  void set_up(bool up) {
    const int control = socket(AF_INET, SOCK_DGRAM, 0);
    request_.ifr_flags = static_cast<short>(up ? IFF_UP : 0);
    EXPECT_EQ(ioctl(control, SIOCSIFFLAGS, &request_), 0);
    close(control);
  }
  /// A frame of a kind that nothing else sends arrives at the interface.
  void arrive(const std::string& payload) {
    std::string frame(12, '\x02');
    frame += "\x88\xb5" + payload;
    EXPECT_EQ(write(descriptor_, frame.data(), frame.size()), static_cast<ssize_t>(frame.size()));
  }

 private:
  int descriptor_;
  ifreq request_{};
  bool made_ = false;
};

constexpr const char* kOnlyOurs = "ether proto 0x88b5";

class Live : public testing::Test {
 protected:
  void SetUp() override {
    static const bool own_network = unshare(CLONE_NEWNET) == 0;
    if (!own_network) GTEST_SKIP() << "needs root for a network namespace of its own";
    tap_ = std::make_unique<Tap>("wl0");
    if (!tap_->made()) GTEST_SKIP() << "needs /dev/net/tun";
    tap_->set_up(true);
    options_.interface = "wl0";
    options_.filter = kOnlyOurs;
    options_.buffer_bytes = 2u << 20;
    options_.stop = &stop_;
  }
  void open() {
    auto source = open_live(options_);
    ASSERT_TRUE(source) << source.error().message;
    source_ = std::move(*source);
  }
  /// Reads until `count` packets are there, the source ends, or nothing has come for long.
  void read_until(std::size_t count) {
    std::vector<Packet> packets(16);
    for (int idle = 0; idle < 60 && payloads_.size() < count && !ended_;) {
      const ReadResult result = source_->read(packets);
      ended_ = result.ended;
      idle = result.count == 0 ? idle + 1 : 0;
      for (std::size_t i = 0; i < result.count; ++i) {
        payloads_.emplace_back(as_text(packets[i].bytes.subspan(14)));
        numbers_.push_back(packets[i].number);
      }
    }
  }
  /// Reads while nothing is there, until `done` says so.
  template <class Done>
  void read_while_waiting(Done done) {
    std::vector<Packet> packets(16);
    for (int turn = 0; turn < 60 && !done(); ++turn) source_->read(packets);
  }

  std::unique_ptr<Tap> tap_;
  std::atomic<bool> stop_ = false;
  LiveOptions options_;
  std::unique_ptr<Source> source_;
  std::vector<std::string> payloads_;
  std::vector<std::uint64_t> numbers_;
  bool ended_ = false;
};

TEST_F(Live, PacketsArriveWithTheirInterfaceAndCounters) {
  open();
  ASSERT_THAT(source_->interfaces(), SizeIs(1));
  EXPECT_EQ(source_->interfaces()[0].name, "wl0");
  EXPECT_EQ(source_->interfaces()[0].linktype, 1);
  EXPECT_FALSE(source_->repeatable());
  EXPECT_EQ(source_->bytes_total(), std::nullopt);
  tap_->arrive("one");
  tap_->arrive("two");
  read_until(2);
  EXPECT_THAT(payloads_, ElementsAre("one", "two"));
  EXPECT_THAT(numbers_, ElementsAre(1u, 2u));
  stop_ = true;
  read_until(3);
  EXPECT_TRUE(ended_);
  EXPECT_GE(source_->interfaces()[0].received, 2u);
  EXPECT_EQ(source_->interfaces()[0].dropped_by_kernel, 0u);
  EXPECT_EQ(source_->bytes_read(), 34u);
}

TEST_F(Live, WhatArrivedBeforeTheStopIsDelivered) {
  open();
  tap_->arrive("late");
  stop_ = true;
  read_until(9);
  EXPECT_TRUE(ended_);
  EXPECT_THAT(payloads_, ElementsAre("late"));
}

TEST_F(Live, StopsAtTheCount) {
  options_.count = 3;
  open();
  for (const char* payload : {"a", "b", "c", "d", "e"}) tap_->arrive(payload);
  read_until(9);
  EXPECT_TRUE(ended_);
  EXPECT_THAT(payloads_, ElementsAre("a", "b", "c"));
}

TEST_F(Live, StopsAfterTheDuration) {
  options_.duration = std::chrono::milliseconds(200);
  open();
  tap_->arrive("a");
  read_until(9);
  EXPECT_TRUE(ended_);
  EXPECT_THAT(payloads_, ElementsAre("a"));
}

TEST_F(Live, MoreThanABlockOfLargePackets) {
  options_.buffer_bytes = 32u << 20;
  open();
  const std::string payload(1400, 'x');
  for (int i = 0; i < 4000; ++i) tap_->arrive(payload);
  read_until(4000);
  EXPECT_THAT(payloads_, SizeIs(4000));
}

TEST_F(Live, SurvivesAnInterfaceThatGoesDownAndComesBack) {
  open();
  tap_->arrive("before");
  read_until(1);
  tap_->set_up(false);
  read_while_waiting([turn = 0]() mutable { return ++turn > 10; });
  EXPECT_THAT(source_->remarks(), IsEmpty());
  tap_->set_up(true);
  read_while_waiting([&] { return !source_->remarks().empty(); });
  tap_->arrive("after");
  read_until(2);
  EXPECT_THAT(payloads_, ElementsAre("before", "after"));
  EXPECT_THAT(source_->remarks(),
              ElementsAre(AllOf(HasSubstr("wl0 was down from 20"), HasSubstr("before packet 2"))));
  EXPECT_THAT(source_->interfaces(), SizeIs(1));
  EXPECT_GE(source_->interfaces()[0].received, 1u);
}

TEST_F(Live, SurvivesAnInterfaceThatIsMadeAnew) {
  open();
  tap_->arrive("before");
  read_until(1);
  tap_.reset();
  read_while_waiting([turn = 0]() mutable { return ++turn > 10; });
  tap_ = std::make_unique<Tap>("wl0");
  tap_->set_up(true);
  read_while_waiting([&] { return !source_->remarks().empty(); });
  tap_->arrive("after");
  read_until(2);
  EXPECT_THAT(payloads_, ElementsAre("before", "after"));
  EXPECT_THAT(source_->remarks(), SizeIs(1));
  EXPECT_THAT(source_->damages(), IsEmpty());
}

TEST_F(Live, AStopDuringAnOutageEndsIt) {
  open();
  tap_.reset();
  read_while_waiting([turn = 0]() mutable { return ++turn > 10; });
  stop_ = true;
  read_until(1);
  EXPECT_TRUE(ended_);
  EXPECT_THAT(source_->remarks(), ElementsAre(HasSubstr("to the end, after packet 0")));
}

TEST_F(Live, WhatCannotBeOpenedIsOneLine) {
  options_.interface = "nosuch0";
  EXPECT_EQ(open_live(options_).error().message, "nosuch0: there is no such interface");
  options_.interface = "wl0";
  options_.filter = "tcp prot 80";
  EXPECT_THAT(open_live(options_).error().message, HasSubstr("filter 'tcp prot 80': "));
  options_.filter = "host example.com";
  EXPECT_THAT(open_live(options_).error().message, HasSubstr("names are not looked up"));
  options_.filter.clear();
  options_.snaplen = 0;
  EXPECT_EQ(open_live(options_).error().message, "snaplen 0 is not between 1 and 262144");
  options_.snaplen = 96;
  tap_->set_up(false);
  EXPECT_EQ(open_live(options_).error().message, "wl0: is down; sudo ip link set wl0 up");
}

TEST_F(Live, InterfacesAreListedWithTheirObstacles) {
  auto list = list_interfaces();
  ASSERT_TRUE(list);
  bool seen = false;
  for (const InterfaceInfo& info : *list) {
    if (info.name == "wl0") {
      seen = true;
      EXPECT_TRUE(info.up);
      EXPECT_EQ(info.obstacle, "");
    }
    if (info.name == "lo") {
      EXPECT_TRUE(info.loopback);
      EXPECT_THAT(info.obstacle, HasSubstr("is down"));
    }
  }
  EXPECT_TRUE(seen);
}

TEST(WideCounter, GoesOnWhereTheNarrowOneWraps) {
  WideCounter counter;
  counter.feed(0xfffffff0);
  counter.feed(0x10);
  EXPECT_EQ(counter.total(), 0x100000010u);
  counter.restart();
  counter.feed(5);
  EXPECT_EQ(counter.total(), 0x100000015u);
}

}  // namespace
}  // namespace wirelens
