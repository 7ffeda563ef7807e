// capture/savefile.h - a savefile as a source of packets, by our own reader.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "capture/feed.h"
#include "capture/format.h"
#include "capture/source.h"

namespace wirelens {

class Savefile final : public Source {
 public:
  /// Tells the format of what `feed` gives and reads on to the first packet. `name` is for
  /// messages. Once `stop` (may be null) is set, the input may end anywhere without being damaged.
  static Result<std::unique_ptr<Source>> over(std::string name, std::unique_ptr<Feed> feed,
                                              const std::atomic<bool>* stop = nullptr);

  ReadResult read(std::span<Packet> packets) override;
  bool repeatable() const override { return feed_->repeatable(); }
  const std::vector<Interface>& interfaces() const override { return format_->interfaces(); }
  const Annotations& annotations() const override { return format_->annotations(); }
  const std::vector<Damage>& damages() const override { return damages_; }
  const std::vector<std::string>& names() const override { return names_; }
  const std::vector<std::string>& remarks() const override { return remarks_; }
  std::uint64_t bytes_read() const override { return feed_->bytes_read(offset_); }
  std::optional<std::uint64_t> bytes_total() const override { return feed_->bytes_total(); }

 private:
  Savefile(std::string name, std::unique_ptr<Feed> feed, std::unique_ptr<Format> format,
           const std::atomic<bool>* stop)
      : names_{std::move(name)}, feed_(std::move(feed)), format_(std::move(format)), stop_(stop) {}

  /// Brings the next bytes while no packet is lent out. False: nothing comes now, or any more.
  bool advance(std::size_t need);
  void damage(std::uint64_t offset, std::string reason);

  std::vector<std::string> names_;
  std::vector<std::string> remarks_;
  std::vector<Damage> damages_;
  std::unique_ptr<Feed> feed_;
  std::unique_ptr<Format> format_;
  const std::atomic<bool>* stop_;
  Bytes stretch_;             ///< not yet parsed
  std::uint64_t offset_ = 0;  ///< of the stretch in the (decompressed) file
  bool ended_ = false;
};

/// The bytes of a file, unpacked. "-": standard input.
Result<std::unique_ptr<Feed>> open_feed(const std::string& path, const std::atomic<bool>* stop);

}  // namespace wirelens
