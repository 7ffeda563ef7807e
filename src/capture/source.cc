// capture/source.cc - opens savefiles: picks the reader, merges, filters.
#include "capture/source.h"

#include <fmt/format.h>

#include "capture/filter.h"
#include "capture/libpcap_savefile.h"
#include "capture/merge.h"
#include "capture/savefile.h"

namespace wirelens {
namespace {

Result<std::unique_ptr<Source>> open_unfiltered(const std::string& path,
                                                const OpenOptions& options) {
  if (options.use_libpcap) return open_with_libpcap(path);
  auto feed = open_feed(path, options.stop);
  if (!feed) return feed.error();
  const bool can_open_again = (*feed)->repeatable();
  auto source = Savefile::over(path, std::move(*feed), options.stop);
  if (source || !can_open_again) return source;
  auto by_libpcap = open_with_libpcap(path);  // a variant that only libpcap knows
  return by_libpcap ? std::move(by_libpcap) : std::move(source);
}

Result<std::unique_ptr<Source>> with_filter(std::unique_ptr<Source> source,
                                            const OpenOptions& options) {
  if (options.filter.empty()) return source;
  return filtered(std::move(source), options.filter);
}

}  // namespace

Result<std::unique_ptr<Source>> open_savefile(const std::string& path, const OpenOptions& options) {
  auto source = open_unfiltered(path, options);
  if (!source) return source.error();
  return with_filter(std::move(*source), options);
}

Result<std::unique_ptr<Source>> open_savefiles(const std::vector<std::string>& paths,
                                               const OpenOptions& options) {
  if (paths.size() == 1) return open_savefile(paths.front(), options);
  std::vector<std::unique_ptr<Source>> sources;
  std::vector<Damage> damages;
  std::optional<Error> first_error;
  for (const std::string& path : paths) {
    auto source = open_unfiltered(path, options);
    if (source) {
      sources.push_back(std::move(*source));
      continue;
    }
    if (!first_error) first_error = source.error();
    std::string reason = source.error().message;
    if (reason.starts_with(path + ": ")) reason.erase(0, path.size() + 2);
    damages.push_back({path, 0, std::move(reason)});
  }
  if (sources.empty()) return first_error.value_or(Error{"no file was given"});
  return with_filter(merged(std::move(sources), std::move(damages)), options);
}

}  // namespace wirelens
