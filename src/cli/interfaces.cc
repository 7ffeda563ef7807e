// cli/interfaces.cc - wirelens interfaces: what live can take, and why not where it cannot.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

/// "eth0  up  10.0.0.2, fe80::1" and what is to say about it.
std::string line_of(const InterfaceInfo& interface, std::size_t name_width) {
  std::string line = printable(interface.name);
  line += std::string(name_width - display_width(line), ' ');
  line += fmt::format("  {:<4}  {}", interface.up ? "up" : "down",
                      printable(fmt::format("{}", fmt::join(interface.addresses, ", "))));
  if (!interface.description.empty()) {
    line += fmt::format("{}{}", interface.addresses.empty() ? "" : "  ",
                        printable(interface.description));
  }
  if (!interface.obstacle.empty()) line += "  cannot be opened: " + printable(interface.obstacle);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

ExitStatus interfaces(Arguments arguments) {
  if (const auto error = parse_bare(kInterfacesGrammar, arguments)) {
    complain(error->message);
    return kUsage;
  }
  auto list = list_interfaces();
  if (!list) {
    complain(list.error().message);
    return kInputFailed;
  }
  if (list->empty()) {
    complain("there is no interface that can be seen: live capture needs CAP_NET_RAW");
    return kInputFailed;
  }
  std::size_t name_width = 0;
  for (const auto& each : *list) {
    name_width = std::max(name_width, display_width(printable(each.name)));
  }
  std::string out;
  for (const auto& each : *list) out += line_of(each, name_width);
  return print(out);
}

}  // namespace wirelens
