// capture/libpcap_handle.cc - opens interfaces, and says why where it can't.
#include "capture/libpcap_handle.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "capture/filter.h"

namespace wirelens {
namespace {

std::string reason_of(int status, const LiveOptions& options, pcap_t* capture) {
  const std::string& name = options.interface;
  switch (status) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return fmt::format(
          "{}: no permission to capture; run with sudo, or allow it once: "
          "sudo setcap cap_net_raw,cap_net_admin=eip $(command -v wirelens)",
          name);
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return fmt::format("{}: there is no such interface", name);
    case PCAP_ERROR_IFACE_NOT_UP:
      return fmt::format("{}: is down; sudo ip link set {} up", name, name);
    default: {
      const std::string detail = pcap_geterr(capture);
      return fmt::format("{}: {}", name, detail.empty() ? pcap_statustostr(status) : detail);
    }
  }
}

std::optional<Error> set_filter(pcap_t* capture, const LiveOptions& options) {
  if (options.filter.empty()) return std::nullopt;
  const auto fault = [&](const std::string& reason) {
    return Error{fmt::format("filter '{}': {}", options.filter, reason)};
  };
  if (const auto name = names_a_host(options.filter)) return fault(*name);
  bpf_program code{};
  if (pcap_compile(capture, &code, options.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    return fault(pcap_geterr(capture));
  }
  const int status = pcap_setfilter(capture, &code);
  pcap_freecode(&code);
  if (status != 0) return fault(pcap_geterr(capture));
  return std::nullopt;
}

}  // namespace

Result<LiveHandle> activate(const LiveOptions& options) {
  char reason[PCAP_ERRBUF_SIZE] = "";
  LibpcapHandle capture(pcap_create(options.interface.c_str(), reason));
  if (!capture) return Error{fmt::format("{}: {}", options.interface, reason)};
  constexpr std::size_t kMostBuffer = std::numeric_limits<int>::max();
  pcap_set_snaplen(capture.get(), static_cast<int>(options.snaplen));
  pcap_set_buffer_size(capture.get(),
                       static_cast<int>(std::min(options.buffer_bytes, kMostBuffer)));
  pcap_set_promisc(capture.get(), options.promiscuous ? 1 : 0);
  pcap_set_timeout(capture.get(), kGatherMs);
  pcap_set_tstamp_precision(capture.get(), PCAP_TSTAMP_PRECISION_NANO);  // refused: microseconds
  const int status = pcap_activate(capture.get());
  if (status < 0) return Error{reason_of(status, options, capture.get())};
  LiveHandle handle;
  if (status > 0) handle.warning = reason_of(status, options, capture.get());
  if (auto error = set_filter(capture.get(), options)) return *error;
  if (pcap_setnonblock(capture.get(), 1, reason) != 0) {
    return Error{fmt::format("{}: {}", options.interface, reason)};
  }
  handle.capture = std::move(capture);
  return handle;
}

}  // namespace wirelens
