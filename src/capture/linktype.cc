// capture/linktype.cc - the values in which the two registries differ, on Linux.
#include "capture/linktype.h"

#include <pcap/pcap.h>

#include <array>

#include "capture/source.h"

namespace wirelens {
namespace {

struct Differs {
  int dlt;
  std::uint16_t linktype;
};
constexpr std::array kDiffers{
    Differs{DLT_ATM_RFC1483, 100}, Differs{DLT_RAW, 101},      Differs{DLT_SLIP_BSDOS, 102},
    Differs{DLT_PPP_BSDOS, 103},   Differs{DLT_ATM_CLIP, 106}, Differs{DLT_PFSYNC, 246},
};

}  // namespace

int dlt_of(std::uint16_t linktype) {
  for (const Differs& each : kDiffers) {
    if (each.linktype == linktype) return each.dlt;
  }
  return linktype;
}

std::uint16_t linktype_of(int dlt) {
  for (const Differs& each : kDiffers) {
    if (each.dlt == dlt) return each.linktype;
  }
  return static_cast<std::uint16_t>(dlt);
}

std::string linktype_name(std::uint16_t linktype) {
  const char* const name = pcap_datalink_val_to_name(dlt_of(linktype));
  return name != nullptr ? name : std::to_string(linktype);
}

}  // namespace wirelens
