// capture/libpcap_handle.h - an open libpcap capture, closed with its owner.
#pragma once

#include <pcap/pcap.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "capture/source.h"

namespace wirelens {

struct ClosePcap {
  void operator()(pcap_t* capture) const { pcap_close(capture); }
};
using LibpcapHandle = std::unique_ptr<pcap_t, ClosePcap>;

/// An activated, filtered, non-blocking capture, and what libpcap warned about (empty: nothing).
struct LiveHandle {
  LibpcapHandle capture;
  std::string warning;
};

/// How long the kernel may gather packets before it hands them over.
inline constexpr int kGatherMs = 100;

/// Opens options.interface. The Error says what to do about it.
Result<LiveHandle> activate(const LiveOptions& options);

}  // namespace wirelens
