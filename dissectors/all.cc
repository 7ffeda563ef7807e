// all.cc - the list: one line a protocol.
#include "all.h"

#include "http1/http1.h"

namespace wirelens {

std::span<const Protocol* const> all_protocols() {
  static constexpr const Protocol* kAll[] = {
      &http1::kProtocol,
  };
  return kAll;
}

}  // namespace wirelens
