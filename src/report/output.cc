// report/output.cc - temporary names, short writes, what a full disk leaves behind.
#include "report/output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace wirelens {
namespace {

std::string reason(const std::string& name, int error) {
  return "cannot write " + name + ": " + std::strerror(error);
}

/// Where a path leads in the end, so that a symbolic link stays one.
std::string behind_links(std::filesystem::path path) {
  constexpr int kMostLinks = 16;
  std::error_code error;
  for (int i = 0; i < kMostLinks && std::filesystem::is_symlink(path, error); ++i) {
    path = path.parent_path() / std::filesystem::read_symlink(path, error);
  }
  return path.string();
}

/// Makes the name last: a rename is on disk when its folder is.
void sync_folder(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  const int descriptor =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

/// A descriptor that somebody made non-blocking (standard output shared with another program):
/// waits until it takes more.
void wait_until_writable(int descriptor) {
  pollfd wait{descriptor, POLLOUT, 0};
  ::poll(&wait, 1, -1);
}

}  // namespace

Result<std::unique_ptr<Output>> Output::open(const std::string& path, Visible visible) {
  if (path == "-") return std::unique_ptr<Output>(new Output("standard output", STDOUT_FILENO));
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    if (S_ISDIR(status.st_mode)) return Error{reason(path, EISDIR)};
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) return Error{reason(path, errno)};
    return std::unique_ptr<Output>(new Output(path, descriptor));
  }
  return open_regular(path, behind_links(path), visible);
}

Result<std::unique_ptr<Output>> Output::open_regular(const std::string& path,
                                                     const std::string& final_path,
                                                     Visible visible) {
  auto temporary = (std::filesystem::path(final_path).parent_path() / ".wirelens-XXXXXX").string();
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);  // mode 0600
  if (descriptor < 0) return Error{reason(path, errno)};
  std::unique_ptr<Output> output(new Output(path, descriptor));
  output->final_path_ = final_path;
  output->temporary_ = temporary;
  if (visible == Visible::line_by_line && !output->settle()) {
    return Error{output->failure_->message};
  }
  return output;
}

Output::~Output() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  if (descriptor_ >= 0 && descriptor_ != STDOUT_FILENO) ::close(descriptor_);
}

void Output::write(std::string_view bytes) {
  if (failure_ || descriptor_ < 0) return;
  const std::size_t whole = bytes.size();
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      wait_until_writable(descriptor_);
    } else if (errno != EINTR) {
      const int error = errno;
      take_back();
      return fail(error);
    }
  }
  written_ += whole;
}

void Output::take_back() {
  if (final_path_.empty()) return;
  // If even that fails there is nothing to be done: the log ends in a torn line.
  [[maybe_unused]] const int result = ::ftruncate(descriptor_, static_cast<off_t>(written_));
}

void Output::fail(int error) {
  failure_ = WriteFailure{reason(name_, error), error == EPIPE};
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

bool Output::settle() {
  if (::rename(temporary_.c_str(), final_path_.c_str()) != 0) {
    fail(errno);
    return false;
  }
  temporary_.clear();
  return true;
}

void Output::finish() {
  if (descriptor_ < 0) return;
  const bool regular = !final_path_.empty();
  if (!failure_ && regular && ::fsync(descriptor_) != 0) fail(errno);
  if (!failure_ && !temporary_.empty() && settle()) sync_folder(final_path_);
  if (descriptor_ != STDOUT_FILENO && ::close(descriptor_) != 0 && !failure_) fail(errno);
  descriptor_ = -1;
}

}  // namespace wirelens
