// capture/source.cc - opens savefiles: picks the reader.
#include "capture/source.h"

#include "capture/savefile.h"

namespace wirelens {

Result<std::unique_ptr<Source>> open_savefile(const std::string& path, const OpenOptions& options) {
  auto feed = open_feed(path, options.stop);
  if (!feed) return feed.error();
  return Savefile::over(path, std::move(*feed), options.stop);
}

}  // namespace wirelens
