// base/figures.h - figures as a person reads them: 1,400,202 · 1.1 GB · 41 ms · 0.12 %.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace wirelens {

/// Digits in groups of three: "1,400,202".
std::string count_text(std::uint64_t count);
/// "1 packet", "2 packets"; `noun` takes an s.
std::string counted(std::uint64_t count, std::string_view noun);
/// Powers of 1000, two to three digits: "512 B", "1.1 GB".
std::string bytes_text(std::uint64_t bytes);
/// "123 µs", "41 ms", "16.7 s", "12 min", "3 h 20 min", "2 d 4 h".
std::string duration_text(Duration duration);
/// `part` of `whole` (not 0): "0.12 %", "12 %"; "<0.01 %" for what is less but not nothing.
std::string share_text(std::uint64_t part, std::uint64_t whole);

}  // namespace wirelens
