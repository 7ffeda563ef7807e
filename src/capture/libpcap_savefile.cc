// capture/libpcap_savefile.cc - pcap_next_ex in batches.
#include "capture/libpcap_savefile.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

#include "capture/clock.h"
#include "capture/format.h"
#include "capture/libpcap_handle.h"
#include "capture/linktype.h"
#include "capture/packet_copies.h"

namespace wirelens {
namespace {

/// libpcap reads the seconds of pcap files as signed; they are not.
Timestamp time_of(const timeval& stamp) {
  const std::int64_t wrapped = stamp.tv_sec < 0 ? std::int64_t{1} << 32 : 0;
  return timestamp_ns((stamp.tv_sec + wrapped) * 1'000'000'000 + stamp.tv_usec);
}

class LibpcapSavefile final : public Source {
 public:
  LibpcapSavefile(const std::string& path, LibpcapHandle capture)
      : names_{path}, capture_(std::move(capture)), copies_(kMaxCaptured) {
    Interface interface;
    interface.linktype = linktype_of(pcap_datalink(capture_.get()));
    const int snaplen = pcap_snapshot(capture_.get());
    if (snaplen > 0) interface.snaplen = static_cast<std::uint32_t>(snaplen);
    interfaces_.push_back(interface);
    struct stat status {};
    const bool known = fstat(fileno(pcap_file(capture_.get())), &status) == 0;
    if (known && S_ISREG(status.st_mode)) total_ = static_cast<std::uint64_t>(status.st_size);
  }

  ReadResult read(std::span<Packet> packets) override {
    copies_.clear();
    std::size_t filled = 0;
    while (!ended_ && filled < packets.size() && copies_.has_room()) {
      pcap_pkthdr* header = nullptr;
      const u_char* bytes = nullptr;
      const int status = pcap_next_ex(capture_.get(), &header, &bytes);
      if (status == 1) {
        fill(packets[filled++], *header, bytes);
        continue;
      }
      ended_ = true;
      if (status == PCAP_ERROR) {
        damages_.push_back({names_.front(), bytes_read(), pcap_geterr(capture_.get())});
      }
    }
    return {filled, ended_};
  }
  const std::vector<Interface>& interfaces() const override { return interfaces_; }
  const Annotations& annotations() const override { return annotations_; }
  const std::vector<Damage>& damages() const override { return damages_; }
  const std::vector<std::string>& names() const override { return names_; }
  const std::vector<std::string>& remarks() const override { return remarks_; }
  std::uint64_t bytes_read() const override {
    const off_t offset = ftello(pcap_file(capture_.get()));
    return offset < 0 ? 0 : static_cast<std::uint64_t>(offset);
  }
  std::optional<std::uint64_t> bytes_total() const override { return total_; }

 private:
  void fill(Packet& packet, const pcap_pkthdr& header, const u_char* bytes) {
    packet.number = ++count_;
    packet.time = time_of(header.ts);
    packet.now = clock_.advance(packet.time);
    // Only link types that no network has (USB, D-Bus) let libpcap read more than that.
    packet.bytes = copies_.copy({bytes, std::min<std::size_t>(header.caplen, kMaxCaptured)});
    packet.original_length = std::max(header.caplen, header.len);
    packet.interface = 0;
  }

  std::vector<std::string> names_;
  LibpcapHandle capture_;
  PacketCopies copies_;
  std::vector<Interface> interfaces_;
  Annotations annotations_;
  std::vector<Damage> damages_;
  std::vector<std::string> remarks_;
  std::optional<std::uint64_t> total_;
  PacketTime clock_;
  std::uint64_t count_ = 0;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> open_with_libpcap(const std::string& path) {
  char reason[PCAP_ERRBUF_SIZE] = "";
  LibpcapHandle capture(
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, reason));
  if (!capture) {
    const std::string_view text = reason;
    return Error{text.starts_with(path) ? std::string(text) : fmt::format("{}: {}", path, text)};
  }
  return std::unique_ptr<Source>(std::make_unique<LibpcapSavefile>(path, std::move(capture)));
}

}  // namespace wirelens
