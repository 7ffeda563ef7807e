// cli/redacted_data.h - takes secrets out of payload before it is shown as it was sent.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "event/records.h"

namespace wirelens {

/// Reads both directions segment by segment as lines of text: values of fields and parameters that
/// carry credentials, cookies and tokens become "[redacted]", also where a line goes on in the next
/// segment. A segment that does not follow the one before (lost, resent) hides its first line if
/// that ends in it: nobody knows what it is part of. Content (a JSON body) is not searched.
class RedactedData {
 public:
  std::string redacted(Direction from, std::int64_t sequence, std::string_view data);

 private:
  static constexpr std::size_t kLongestLine = 16'384;  ///< beyond, it is no text

  struct Side {
    bool begun = false;
    std::int64_t next = 0;
    std::string line;  ///< what was seen of the line that goes on
  };
  std::array<Side, 2> sides_;
};

}  // namespace wirelens
