// cli/values.h - numbers, sizes and times as a user types them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace wirelens {

/// Decimal digits only, within [least, most].
std::optional<std::uint64_t> parse_count(std::string_view text, std::uint64_t least,
                                         std::uint64_t most);
/// "1048576", "64M", "1.5G", "1GiB": powers of 1024; at least 1 byte, below 2^63.
std::optional<std::uint64_t> parse_size(std::string_view text);
/// A decimal number from 0 to 10^15: "5000", "0.25".
std::optional<double> parse_number(std::string_view text);
/// Seconds, decimals allowed: "60", "0.5"; more than 0 unless `zero`, at most 10 years.
std::optional<Duration> parse_seconds(std::string_view text, bool zero);

}  // namespace wirelens
