// cli/nearest.cc - edit distance with swaps (optimal string alignment).
#include "cli/nearest.h"

#include <algorithm>
#include <vector>

namespace wirelens {
namespace {

constexpr std::size_t kLongest = 64;  ///< what is typed beyond it can be no option of ours

std::size_t mistakes(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t wrong = last[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, wrong});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view typed,
                                        std::span<const std::string_view> words) {
  std::optional<std::string_view> best;
  if (typed.size() > kLongest) return best;
  std::size_t fewest = 0;
  for (const std::string_view word : words) {
    const std::size_t count = mistakes(typed, word);
    const bool starts = !typed.empty() && word.starts_with(typed);
    const std::size_t longer = std::max(typed.size(), word.size());
    if (!starts && count * 3 > longer * 2) continue;
    if (!best || count < fewest) {
      best = word;
      fewest = count;
    }
  }
  return best;
}

}  // namespace wirelens
