// capture/linktype.h - link types as files number them, and as libpcap does.
#pragma once

#include <cstdint>
#include <string>

namespace wirelens {

// The two registries (LINKTYPE_ in files, DLT_ in libpcap's calls) differ in the few values that
// systems gave away before there was one registry.
int dlt_of(std::uint16_t linktype);
std::uint16_t linktype_of(int dlt);

}  // namespace wirelens
