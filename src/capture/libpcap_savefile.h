// capture/libpcap_savefile.h - a savefile as a source of packets, by libpcap's reader.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "capture/source.h"

namespace wirelens {

/// For comparison with our reader, and for formats that only libpcap knows. It sees one interface,
/// no annotations, and stops where a pcapng file has interfaces of different link types. The offset
/// of a damage is where it had read to.
Result<std::unique_ptr<Source>> open_with_libpcap(const std::string& path);

}  // namespace wirelens
