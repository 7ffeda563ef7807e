// socketio/payload.cc - where one packet ends and the next begins.
#include "socketio/payload.h"

#include <algorithm>

#include "base/work.h"
#include "common/http_text.h"

namespace wirelens::socketio {
namespace {

constexpr char kSeparator = '\x1e';

/// Bytes at the front of `text` that are `units` UTF-16 code units; nothing if it is shorter.
std::optional<std::size_t> bytes_of_units(std::string_view text, std::uint64_t units) {
  std::size_t at = 0;
  while (units > 0) {
    if (at >= text.size()) return std::nullopt;
    const auto lead = static_cast<std::uint8_t>(text[at]);
    const std::size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const std::uint64_t taken = length == 4 ? 2 : 1;
    if (taken > units) return std::nullopt;
    units -= taken;
    at += length;
  }
  if (at > text.size()) return std::nullopt;
  return at;
}

}  // namespace

std::uint64_t decoded_size(std::string_view base64) {
  while (base64.ends_with('=')) base64.remove_suffix(1);
  return base64.size() * 3 / 4;
}

EnginePacket Payload::of_text(std::string_view text, std::size_t skipped) const {
  if (!text.starts_with('b')) return {false, text, text.size()};
  return {true, {}, decoded_size(text.substr(std::min(text.size(), skipped)))};
}

std::optional<EnginePacket> Payload::next() {
  if (rest_.empty() || broken_) return std::nullopt;
  if (version_ >= 4) {
    const EnginePacket packet = of_text(http::cut(rest_, kSeparator), 1);
    work(packet.size + 1);
    broken_ = !packet.binary && packet.text.empty();
    if (broken_) return std::nullopt;
    return packet;
  }
  return static_cast<std::uint8_t>(rest_[0]) <= 1 ? next_binary() : next_counted();
}

std::optional<EnginePacket> Payload::next_counted() {
  broken_ = true;
  std::uint64_t units = 0;
  std::size_t digits = 0;
  while (digits < rest_.size() && digits < 10 && http::is_digit(rest_[digits])) {
    units = units * 10 + static_cast<std::uint64_t>(rest_[digits++] - '0');
  }
  if (digits == 0 || digits == rest_.size() || rest_[digits] != ':') return std::nullopt;
  rest_.remove_prefix(digits + 1);
  const auto length = bytes_of_units(rest_, units);
  if (!length || *length == 0) return std::nullopt;
  work(*length);
  const std::string_view text = rest_.substr(0, *length);
  rest_.remove_prefix(*length);
  broken_ = false;
  return of_text(text, 2);  // "b4": the type stands in front of the base64
}

std::optional<EnginePacket> Payload::next_binary() {
  broken_ = true;
  const bool binary = rest_[0] == 1;
  std::uint64_t length = 0;
  std::size_t at = 1;
  while (at < rest_.size() && at < 12 && static_cast<std::uint8_t>(rest_[at]) <= 9) {
    length = length * 10 + static_cast<std::uint64_t>(rest_[at++]);
  }
  if (at == rest_.size() || static_cast<std::uint8_t>(rest_[at]) != 0xff) return std::nullopt;
  rest_.remove_prefix(at + 1);
  if (length == 0 || length > rest_.size()) return std::nullopt;
  const std::string_view data = rest_.substr(0, static_cast<std::size_t>(length));
  rest_.remove_prefix(data.size());
  broken_ = false;
  if (binary) return EnginePacket{true, {}, length - 1};  // the type is a byte of its own
  return EnginePacket{false, data, length};
}

}  // namespace wirelens::socketio
