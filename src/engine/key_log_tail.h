// engine/key_log_tail.h - key logs in files: whole ones, and ones that grow during a live capture.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "dissect/key_log.h"

namespace wirelens {

/// Reads a whole key log. An Error if it cannot be read.
Result<std::shared_ptr<const KeyLog>> read_key_log(const std::string& path);

/// Follows a file to which somebody appends lines. It may be made later, shortened or replaced by
/// another one: then it is read from its beginning.
class KeyLogTail {
 public:
  /// Read at once; more waits for the next call.
  static constexpr std::size_t kMostAtOnce = 1u << 20;

  explicit KeyLogTail(std::string path) : path_(std::move(path)) {}

  /// Whole lines that came since the last call. One system call if there are none.
  SecretText fresh();

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::uint64_t offset_ = 0;  ///< behind the last whole line
};

}  // namespace wirelens
