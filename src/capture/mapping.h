// capture/mapping.h - a savefile mapped into memory, and let go behind the reader.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "base/result.h"
#include "capture/feed.h"

namespace wirelens {

/// A read-only mapping that survives its file being cut short. Reading a page that is no longer
/// there raises SIGBUS; the handler that guards mappings puts zeros in its place and marks the
/// mapping as broken, so that the reader can stop. (A page that is cut in the middle reads as zeros
/// behind the cut even without that signal: the kernel's rule.) Signals from elsewhere go where
/// they went before.
class Mapping {
 public:
  static constexpr std::size_t kMaxMappings = 1024;  ///< guarded at one time

  /// Maps `size` > 0 bytes. Nothing if the system refuses or all guards are taken: the caller reads
  /// the file as a stream then.
  static std::optional<Mapping> over(int descriptor, std::size_t size);
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping();

  Bytes bytes() const { return bytes_; }
  /// A page was found missing: the file got shorter.
  bool broken() const;
  /// Asks whether the last page is still there (without that, a file that got shorter is noticed
  /// only where it is read).
  bool whole();
  /// Lets the memory of [from, to) go. The bytes stay readable, from the page cache.
  void let_go(std::size_t from, std::size_t to);

 private:
  Mapping(Bytes bytes, std::size_t guard) : bytes_(bytes), guard_(guard) {}

  Bytes bytes_;
  std::size_t guard_;
};

/// A mapped file as a feed. Pages come by faults. Measured against populating windows of 64 KiB to
/// 16 MiB and against read() into a buffer, that costs about half where the page cache holds large
/// folios, and the same within a tenth where it holds single pages. What lies kBehind back is let
/// go, so that a large file does not fill the memory; whoever still looks at it faults it in again.
class MappedFeed final : public Feed {
 public:
  static constexpr std::size_t kWindow = 4u << 20;
  static constexpr std::size_t kBehind = 8u << 20;

  explicit MappedFeed(Mapping mapping) : mapping_(std::move(mapping)) {}

  Stretch advance(std::uint64_t offset, std::size_t need) override;
  bool stable() const override { return true; }
  std::string fault() const override;
  std::uint64_t bytes_read(std::uint64_t offset) const override { return offset; }
  std::optional<std::uint64_t> bytes_total() const override { return mapping_.bytes().size(); }

 private:
  Mapping mapping_;
  std::size_t let_go_ = 0;
  bool shorter_ = false;  ///< than it was when it was mapped
};

}  // namespace wirelens
