// capture/interfaces.cc - what can be captured from, and what stands in the way.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include "capture/libpcap_handle.h"

namespace wirelens {
namespace {

/// An IPv4 or IPv6 address in text; empty for other families.
std::string address_text(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address != nullptr && address->sa_family == AF_INET) {
    const auto* const inet = reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &inet->sin_addr, text, sizeof text);
  } else if (address != nullptr && address->sa_family == AF_INET6) {
    const auto* const inet = reinterpret_cast<const sockaddr_in6*>(address);
    inet_ntop(AF_INET6, &inet->sin6_addr, text, sizeof text);
  }
  return text;
}

/// Tries it, without changing the interface.
std::string obstacle_of(const std::string& name) {
  LiveOptions options;
  options.interface = name;
  options.promiscuous = false;
  options.buffer_bytes = 1u << 20;
  const auto handle = activate(options);
  if (handle) return {};
  std::string message = handle.error().message;
  if (message.starts_with(name + ": ")) message.erase(0, name.size() + 2);
  return message;
}

}  // namespace

Result<std::vector<InterfaceInfo>> list_interfaces() {
  char reason[PCAP_ERRBUF_SIZE] = "";
  pcap_if_t* first = nullptr;
  if (pcap_findalldevs(&first, reason) != 0) return Error{reason};
  std::vector<InterfaceInfo> list;
  for (const pcap_if_t* each = first; each != nullptr; each = each->next) {
    InterfaceInfo info;
    info.name = each->name;
    if (each->description != nullptr) info.description = each->description;
    for (const pcap_addr* at = each->addresses; at != nullptr; at = at->next) {
      std::string text = address_text(at->addr);
      if (!text.empty()) info.addresses.push_back(std::move(text));
    }
    info.up = (each->flags & PCAP_IF_UP) != 0;
    info.loopback = (each->flags & PCAP_IF_LOOPBACK) != 0;
    info.obstacle = obstacle_of(info.name);
    list.push_back(std::move(info));
  }
  pcap_freealldevs(first);
  return list;
}

}  // namespace wirelens
