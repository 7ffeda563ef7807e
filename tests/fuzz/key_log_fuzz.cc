// fuzz/key_log_fuzz.cc - any bytes as a key log.
//
// Looks for over-reads, lines that nobody counts, tables past their bound, and work out of
// proportion.
#include <algorithm>
#include <cstdlib>

#include "base/work.h"
#include "dissect/key_log.h"

namespace wirelens {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void run(Bytes input) {
  constexpr std::size_t kFew = 4;
  const std::string_view text = as_text(input);
  const std::uint64_t before = work_done;
  KeyLog log(kFew);
  log.add(text);
  const KeyLog::Tally& tally = log.tally();
  auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  if (!text.empty() && text.back() != '\n') ++lines;
  require(tally.secrets + tally.repeated + tally.ignored + tally.malformed + tally.left_out ==
          lines);
  require(tally.secrets <= kFew);
  require(log.empty() == (tally.secrets == 0));
  require(work_done - before <= input.size());
  for (const std::size_t size : {std::size_t{0}, std::size_t{8}, std::size_t{32}, input.size()}) {
    if (size > input.size()) continue;
    const Secret* found = log.find(SecretKind::master, input.first(size));
    require(found == nullptr || found->size() == 48);
  }
}

}  // namespace
}  // namespace wirelens

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wirelens::run({data, size});
  return 0;
}
