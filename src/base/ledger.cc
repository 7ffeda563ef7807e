// base/ledger.cc - names and construction of the memory account.
#include "base/ledger.h"

namespace wirelens {

std::string_view name_of(Charge charge) {
  static constexpr std::array<std::string_view, kCharges> kNames = {
      "half_open", "flows", "reassembly", "analysis", "dissectors", "carry", "fragments"};
  return kNames[static_cast<std::size_t>(charge)];
}

Ledger::Ledger(std::size_t limit) : limit_(limit) {
  caps_.fill(limit);
}

}  // namespace wirelens
