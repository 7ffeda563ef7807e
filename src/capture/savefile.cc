// capture/savefile.cc - joins a feed of bytes to a format.
#include "capture/savefile.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "capture/compressed.h"
#include "capture/descriptor_stream.h"

namespace wirelens {
namespace {

bool is_stopped(const std::atomic<bool>* stop) {
  return stop != nullptr && *stop;
}

/// The first bytes, waiting for them where they come slowly.
Stretch first_bytes(Feed& feed, const std::atomic<bool>* stop) {
  Stretch head = feed.advance(0, kFormatHead);
  while (head.state == FeedState::idle && !is_stopped(stop)) head = feed.advance(0, kFormatHead);
  return head;
}

std::unique_ptr<ByteStream> unpacked(std::unique_ptr<DescriptorStream> stream,
                                     Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return gunzip(std::move(stream));
    case Compression::zstd:
      return unzstd(std::move(stream));
    case Compression::none:
      break;
  }
  return stream;
}

}  // namespace

Result<std::unique_ptr<Feed>> open_feed(const std::string& path, const std::atomic<bool>* stop) {
  const int descriptor = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    Error error{fmt::format("{}: {}", path, std::strerror(errno))};
    if (descriptor >= 0) close(descriptor);
    return error;
  }
  if (S_ISDIR(status.st_mode)) {
    close(descriptor);
    return Error{path + ": is a directory"};
  }
  std::optional<std::uint64_t> total;
  if (S_ISREG(status.st_mode)) total = static_cast<std::uint64_t>(status.st_size);
  auto stream = std::make_unique<DescriptorStream>(descriptor, stop, total);
  const Compression compression = compression_of(stream->peek(4));
  const bool repeatable = total && path != "-" && compression == Compression::none;
  return std::unique_ptr<Feed>(std::make_unique<StreamFeed>(
      unpacked(std::move(stream), compression), StreamFeed::kChunk, repeatable));
}

Result<std::unique_ptr<Source>> Savefile::over(std::string name, std::unique_ptr<Feed> feed,
                                               const std::atomic<bool>* stop) {
  const Stretch head = first_bytes(*feed, stop);
  auto format = format_of(head.bytes.first(std::min(head.bytes.size(), kFormatHead)));
  if (!format) {
    const std::string fault = feed->fault();
    return Error{fmt::format("{}: {}", name, fault.empty() ? format.error().message : fault)};
  }
  std::unique_ptr<Savefile> source(
      new Savefile(std::move(name), std::move(feed), std::move(*format), stop));
  source->stretch_ = head.bytes;
  source->read({});
  return std::unique_ptr<Source>(std::move(source));
}

ReadResult Savefile::read(std::span<Packet> packets) {
  while (!ended_) {
    Parsed progress = format_->parse(stretch_, packets);
    offset_ += progress.consumed;
    stretch_ = stretch_.subspan(progress.consumed);
    if (!progress.damage.empty()) damage(offset_, std::move(progress.damage));
    if (progress.packets > 0 || progress.need == 0) return {progress.packets, ended_};
    if (!advance(progress.need)) break;
  }
  return {0, ended_};
}

bool Savefile::advance(std::size_t need) {
  const Stretch more = feed_->advance(offset_, need);
  stretch_ = more.bytes;
  if (stretch_.size() >= need) return true;
  if (more.state == FeedState::idle) return false;
  if (is_stopped(stop_)) {
    // The user cut it short; what was half read is no damage.
  } else if (more.state == FeedState::broken) {
    damage(offset_ + stretch_.size(), feed_->fault());
  } else if (!stretch_.empty()) {
    damage(offset_, fmt::format("the file ends inside {}, after {} of {} bytes",
                                format_->unfinished(), stretch_.size(), need));
  }
  ended_ = true;
  return false;
}

void Savefile::damage(std::uint64_t offset, std::string reason) {
  damages_.push_back({names_.front(), offset, std::move(reason)});
  ended_ = true;
}

}  // namespace wirelens
