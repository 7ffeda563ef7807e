// engine/key_log_tail.cc - reads what came behind the last whole line.
#include "engine/key_log_tail.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace wirelens {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : number_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool ok() const { return number_ >= 0; }
  /// At most `most` bytes from `offset` on; nothing if it cannot be read.
  std::optional<std::string> read(std::uint64_t offset, std::size_t most) const {
    std::string text(most, '\0');
    std::size_t filled = 0;
    while (filled < most) {
      const ssize_t count =
          pread(number_, text.data() + filled, most - filled, static_cast<off_t>(offset + filled));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return std::nullopt;
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    text.resize(filled);
    return text;
  }

 private:
  int number_;
};

}  // namespace

Result<std::shared_ptr<const KeyLog>> read_key_log(const std::string& path) {
  const Descriptor file(path);
  if (!file.ok()) return Error{fmt::format("cannot read {}: {}", path, std::strerror(errno))};
  auto log = std::make_shared<KeyLog>();
  std::uint64_t offset = 0;
  while (true) {
    auto text = file.read(offset, KeyLogTail::kMostAtOnce);
    if (!text) return Error{fmt::format("cannot read {}: {}", path, std::strerror(errno))};
    const SecretText chunk(std::move(*text));
    const std::size_t size = chunk.view().size();
    if (size == 0) break;
    const std::size_t last = chunk.view().rfind('\n');
    const bool at_end = size < KeyLogTail::kMostAtOnce || last == std::string_view::npos;
    const std::size_t taken = at_end ? size : last + 1;
    log->add(chunk.view().substr(0, taken));
    offset += taken;
  }
  return std::shared_ptr<const KeyLog>(std::move(log));
}

SecretText KeyLogTail::fresh() {
  struct stat status {};
  if (stat(path_.c_str(), &status) != 0) return {};
  const bool same = status.st_dev == device_ && status.st_ino == inode_;
  const auto size = static_cast<std::uint64_t>(std::max<off_t>(status.st_size, 0));
  if (!same || size < offset_) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
    offset_ = 0;
  }
  if (size == offset_ || !S_ISREG(status.st_mode)) return {};
  const Descriptor file(path_);
  if (!file.ok()) return {};
  auto text = file.read(offset_, std::min<std::uint64_t>(size - offset_, kMostAtOnce));
  if (!text) return {};
  SecretText read(std::move(*text));
  const std::size_t last = read.view().rfind('\n');
  if (last == std::string_view::npos && read.view().size() < kMostAtOnce) return {};
  const std::size_t taken = last == std::string_view::npos ? read.view().size() : last + 1;
  offset_ += taken;
  return SecretText(read.view().substr(0, taken));
}

}  // namespace wirelens
