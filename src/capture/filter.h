// capture/filter.h - BPF expressions, for packets of any link type.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/source.h"

namespace wirelens {

/// Why an expression is refused before libpcap sees it: it names a host or a network. libpcap would
/// ask the name service, and that sends packets. Nothing: no name was found. (A second name in a
/// list, "host 10.0.0.1 or other", is seen only if it has a dot.)
std::optional<std::string> names_a_host(const std::string& expression);

/// One expression, compiled for every link type that turns up.
class Filter {
 public:
  explicit Filter(std::string expression);
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  ~Filter();

  /// Compiles for `linktype` unless that is done. libpcap's reason if the expression is wrong or
  /// has no meaning there; empty: it is fine.
  const std::string& compile(std::uint16_t linktype);
  /// False where the expression does not compile.
  bool passes(const Packet& packet, std::uint16_t linktype);

 private:
  struct Program;
  Program& program(std::uint16_t linktype);

  std::string expression_;
  std::vector<std::unique_ptr<Program>> programs_;
};

/// `source` without the packets that `expression` leaves out. Packets keep their numbers. Where a
/// link type that turns up later cannot be filtered so, its packets are left out and a remark says
/// it. An Error if the expression is wrong, or has no meaning for any interface that is known by
/// now.
Result<std::unique_ptr<Source>> filtered(std::unique_ptr<Source> source,
                                         const std::string& expression);

}  // namespace wirelens
