// capture/live.cc - captures from an interface, across its outages. One of the two readers of a
// clock.
#include <fmt/format.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "capture/clock.h"
#include "capture/drop_counters.h"
#include "capture/libpcap_handle.h"
#include "capture/linktype.h"
#include "capture/packet_copies.h"

namespace wirelens {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

Timestamp wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return Timestamp(std::chrono::duration_cast<Duration>(now));
}

/// Waits for a descriptor (-1: only waits). False: nothing came. A signal ends the wait.
bool wait_for(int descriptor, milliseconds limit) {
  pollfd wait{descriptor, POLLIN, 0};
  return poll(&wait, 1, static_cast<int>(limit.count())) > 0;
}

/// What the kernel says of an interface, without anybody's packets.
class InterfaceWatch {
 public:
  explicit InterfaceWatch(std::string name)
      : name_(std::move(name)), socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  ~InterfaceWatch() { close(socket_); }
  InterfaceWatch(const InterfaceWatch&) = delete;
  InterfaceWatch& operator=(const InterfaceWatch&) = delete;

  /// The index of the interface while it is up; 0: it is down or gone. "any" and devices that are
  /// no network interface are always up.
  unsigned up() const {
    const unsigned index = if_nametoindex(name_.c_str());
    ifreq request{};
    name_.copy(request.ifr_name, IFNAMSIZ - 1);
    const bool known = index != 0 && ioctl(socket_, SIOCGIFFLAGS, &request) == 0;
    return known && (request.ifr_flags & IFF_UP) != 0 ? index : 0;
  }

 private:
  std::string name_;
  int socket_;
};

class LiveSource final : public Source {
 public:
  LiveSource(LiveOptions options, LiveHandle handle)
      : options_(std::move(options)),
        names_{options_.interface},
        watch_(options_.interface),
        watched_(watch_.up() != 0),
        copies_(options_.snaplen),
        begin_(std::chrono::steady_clock::now()) {
    take(std::move(handle));
  }

  ReadResult read(std::span<Packet> packets) override;
  const std::vector<Interface>& interfaces() const override { return interfaces_; }
  const Annotations& annotations() const override { return annotations_; }
  const std::vector<Damage>& damages() const override { return damages_; }
  const std::vector<std::string>& names() const override { return names_; }
  const std::vector<std::string>& remarks() const override { return remarks_; }
  std::uint64_t bytes_read() const override { return bytes_; }
  std::optional<std::uint64_t> bytes_total() const override { return std::nullopt; }

 private:
  enum class State : std::uint8_t {
    capturing,
    down,     ///< waits for the interface
    drained,  ///< told to stop: what the kernel has from before still comes
    ended,
  };
  static constexpr std::size_t kMaxRemarks = 1000;
  static constexpr auto kLookEvery = milliseconds(50);
  static constexpr auto kStatisticsEvery = std::chrono::seconds(1);

  void take(LiveHandle handle);
  std::size_t capture(std::span<Packet> packets);
  std::size_t dispatch(std::span<Packet> packets);
  void on_packet(const pcap_pkthdr& header, const u_char* bytes);
  void begin_draining();
  void begin_outage();
  void await_interface();
  void end();
  void read_statistics();
  bool told_to_stop() const;
  milliseconds time_left(milliseconds limit) const;
  void remark(std::string line);
  void remark_outage(const std::string& until, const std::string& where);

  LiveOptions options_;
  std::vector<std::string> names_;
  InterfaceWatch watch_;
  bool watched_;  ///< it is a network interface that can go down
  PacketCopies copies_;
  SteadyTime begin_;
  State state_ = State::capturing;
  LibpcapHandle capture_;
  unsigned index_ = 0;       ///< of the interface that is open
  std::int64_t tick_ = 1;    ///< nanoseconds in a unit of libpcap's stamps
  std::uint32_t slot_ = 0;   ///< of the interface that is open, in interfaces_
  std::span<Packet> batch_;  ///< what on_packet fills
  std::size_t filled_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  PacketTime clock_;
  Timestamp stopped_at_{};
  Timestamp down_since_{};
  SteadyTime next_look_{};
  SteadyTime next_statistics_{};
  WideCounter received_, dropped_by_kernel_, dropped_by_interface_;
  std::vector<Interface> interfaces_;
  Annotations annotations_;
  std::vector<Damage> damages_;
  std::vector<std::string> remarks_;
};

void LiveSource::take(LiveHandle handle) {
  capture_ = std::move(handle.capture);
  if (!handle.warning.empty()) remark(std::move(handle.warning));
  index_ = watch_.up();
  const bool nano = pcap_get_tstamp_precision(capture_.get()) == PCAP_TSTAMP_PRECISION_NANO;
  tick_ = nano ? 1 : 1000;
  Interface interface;
  interface.linktype = linktype_of(pcap_datalink(capture_.get()));
  interface.snaplen = static_cast<std::uint32_t>(pcap_snapshot(capture_.get()));
  interface.name = options_.interface;
  // Made anew as something else (a tun where a tap was), it is another interface.
  if (interfaces_.empty() || interfaces_.back().linktype != interface.linktype) {
    slot_ = static_cast<std::uint32_t>(interfaces_.size());
    interfaces_.push_back(std::move(interface));
  }
  received_.restart();
  dropped_by_kernel_.restart();
  dropped_by_interface_.restart();
}

ReadResult LiveSource::read(std::span<Packet> packets) {
  if (state_ == State::ended) return {0, true};
  if (state_ != State::drained && told_to_stop()) begin_draining();
  if (state_ == State::down) {
    await_interface();
    return {0, false};
  }
  const std::size_t count = state_ == State::ended ? 0 : capture(packets);
  if (count_ == options_.count) end();
  return {count, state_ == State::ended};
}

std::size_t LiveSource::capture(std::span<Packet> packets) {
  std::size_t count = dispatch(packets);
  if (count == 0 && capture_) {
    // A stopping capture waits once more, until the kernel has handed over what it has gathered.
    const auto limit = state_ == State::drained ? milliseconds(kGatherMs) * 3 / 2
                                                : time_left(milliseconds(kGatherMs));
    const bool came = wait_for(pcap_get_selectable_fd(capture_.get()), limit);
    if (came) count = dispatch(packets);
    if (count == 0 && state_ == State::drained) end();
  }
  const SteadyTime now = std::chrono::steady_clock::now();
  if (state_ == State::drained) {
    if (count > 0 && packets[count - 1].time > stopped_at_) end();
    return count;
  }
  if (capture_ && now >= next_statistics_) {
    read_statistics();
    next_statistics_ = now + kStatisticsEvery;
  }
  // Looked for only while nothing comes: what comes proves that it is up.
  if (count == 0 && watched_ && now >= next_look_) {
    next_look_ = now + kLookEvery;
    if (capture_ && (watch_.up() != index_ || index_ == 0)) begin_outage();
  }
  return count;
}

std::size_t LiveSource::dispatch(std::span<Packet> packets) {
  copies_.clear();
  batch_ = packets;
  filled_ = 0;
  std::uint64_t most = std::min<std::uint64_t>(packets.size(), 1u << 16);
  if (options_.count) most = std::min(most, *options_.count - count_);
  const int status = pcap_dispatch(
      capture_.get(), static_cast<int>(most),
      [](u_char* self, const pcap_pkthdr* header, const u_char* bytes) {
        reinterpret_cast<LiveSource*>(self)->on_packet(*header, bytes);
      },
      reinterpret_cast<u_char*>(this));
  if (status != PCAP_ERROR) return filled_;
  if (!watched_) {  // nothing that could come back
    damages_.push_back({options_.interface, bytes_, pcap_geterr(capture_.get())});
    end();
  } else if (watch_.up() == index_ && index_ != 0) {
    remark(fmt::format("{}: {}", options_.interface, pcap_geterr(capture_.get())));
    begin_outage();
  } else {
    begin_outage();
  }
  return filled_;
}

void LiveSource::on_packet(const pcap_pkthdr& header, const u_char* bytes) {
  const std::size_t captured = std::min<std::size_t>(header.caplen, options_.snaplen);
  Packet& packet = batch_[filled_++];
  packet.number = ++count_;
  packet.time = timestamp_ns(std::int64_t{header.ts.tv_sec} * 1'000'000'000 +
                             std::int64_t{header.ts.tv_usec} * tick_);
  packet.now = clock_.advance(packet.time);
  packet.bytes = copies_.copy({bytes, captured});
  packet.original_length = std::max(header.caplen, header.len);
  packet.interface = slot_;
  bytes_ += captured;
  if (!copies_.has_room()) pcap_breakloop(capture_.get());
}

bool LiveSource::told_to_stop() const {
  if (options_.stop != nullptr && *options_.stop) return true;
  return options_.duration && std::chrono::steady_clock::now() - begin_ >= *options_.duration;
}

milliseconds LiveSource::time_left(milliseconds limit) const {
  if (!options_.duration) return limit;
  const auto gone = std::chrono::steady_clock::now() - begin_;
  const auto left = std::chrono::ceil<milliseconds>(*options_.duration - gone);
  return std::clamp(left, milliseconds(0), limit);
}

void LiveSource::begin_draining() {
  if (state_ == State::down) {
    remark_outage("the end", fmt::format("after packet {}", count_));
    end();
    return;
  }
  state_ = State::drained;
  stopped_at_ = wall_clock();
}

void LiveSource::begin_outage() {
  if (state_ == State::drained) return end();
  read_statistics();
  capture_.reset();
  state_ = State::down;
  down_since_ = wall_clock();
}

void LiveSource::await_interface() {
  wait_for(-1, time_left(kLookEvery));
  if (watch_.up() == 0) return;
  auto handle = activate(options_);
  if (!handle) return;  // it went again, or is not ready yet
  take(std::move(*handle));
  state_ = State::capturing;
  remark_outage(to_rfc3339(wall_clock()), fmt::format("before packet {}", count_ + 1));
}

void LiveSource::remark_outage(const std::string& until, const std::string& where) {
  remark(fmt::format("{} was down from {} to {}, {}", options_.interface, to_rfc3339(down_since_),
                     until, where));
}

void LiveSource::remark(std::string line) {
  if (remarks_.size() > kMaxRemarks) return;
  remarks_.push_back(remarks_.size() < kMaxRemarks ? std::move(line) : "more remarks are left out");
}

void LiveSource::end() {
  read_statistics();
  capture_.reset();
  state_ = State::ended;
}

void LiveSource::read_statistics() {
  pcap_stat statistics{};
  if (!capture_ || pcap_stats(capture_.get(), &statistics) != 0) return;
  received_.feed(statistics.ps_recv);
  dropped_by_kernel_.feed(statistics.ps_drop);
  dropped_by_interface_.feed(statistics.ps_ifdrop);
  Interface& interface = interfaces_[slot_];
  interface.received = received_.total();
  interface.dropped_by_kernel = dropped_by_kernel_.total();
  interface.dropped_by_interface = dropped_by_interface_.total();
}

}  // namespace

Result<std::unique_ptr<Source>> open_live(const LiveOptions& options) {
  if (options.snaplen == 0 || options.snaplen > 262'144) {
    return Error{fmt::format("snaplen {} is not between 1 and 262144", options.snaplen)};
  }
  auto handle = activate(options);
  if (!handle) return handle.error();
  return std::unique_ptr<Source>(std::make_unique<LiveSource>(options, std::move(*handle)));
}

}  // namespace wirelens
