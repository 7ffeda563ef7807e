// report/output.h - the one way in which wirelens writes a file.
//
// A regular file is written under a name of its own beside the final one (".wirelens-XXXXXX", mode
// 0600) and renamed when it is whole and on disk: whatever happens before, a full disk or a
// kill -9, the final name keeps what it had. A log that is followed while it grows is renamed when
// it is opened and grows by whole lines. Everything else (standard output, pipes, devices) is
// written straight.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "report/report.h"

namespace wirelens {

/// How much text a report gathers before it hands it to its output.
inline constexpr std::size_t kPiece = std::size_t{256} << 10;

class Output {
 public:
  enum class Visible {
    when_whole,    ///< appears under its name at finish()
    line_by_line,  ///< appears at once; each write() is whole lines
  };

  /// "-" is standard output. The error names the path and the reason.
  static Result<std::unique_ptr<Output>> open(const std::string& path, Visible visible);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Writes all of `bytes` now, without a buffer of its own: bring large pieces. Does nothing after
  /// a failure. A piece that a full disk cuts short is taken back to the last whole one.
  void write(std::string_view bytes);
  /// Puts the file on disk and under its name, unless something failed; nothing is written after.
  void finish();
  const std::optional<WriteFailure>& failure() const { return failure_; }

 private:
  Output(std::string name, int descriptor) : name_(std::move(name)), descriptor_(descriptor) {}
  /// Makes the unnamed file for `final_path` and opens it.
  static Result<std::unique_ptr<Output>> open_regular(const std::string& path,
                                                      const std::string& final_path,
                                                      Visible visible);
  void fail(int error);
  /// Cuts a regular file back to its last whole piece.
  void take_back();
  /// Puts the temporary file under the final name. False after fail().
  bool settle();

  std::string name_;           ///< for messages
  std::string final_path_;     ///< of a regular file
  std::string temporary_;      ///< empty once it has its final name, or for what is no regular file
  std::uint64_t written_ = 0;  ///< bytes of whole writes
  int descriptor_;
  std::optional<WriteFailure> failure_;
};

}  // namespace wirelens
