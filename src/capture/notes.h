// capture/notes.h - keeps a savefile's annotations within their caps.
#pragma once

#include <string>
#include <string_view>

#include "capture/source.h"

namespace wirelens {

/// Names of interfaces, programs and hosts are kept up to here.
inline constexpr std::size_t kMaxNoteName = 256;

/// A name as kept. Files may end it with zeros.
inline std::string note_name(std::string_view text) {
  text = text.substr(0, kMaxNoteName);
  return std::string(text.substr(0, text.find('\0')));
}

/// Adds to annotations, or counts what finds no room.
class Notes {
 public:
  explicit Notes(Annotations& annotations) : annotations_(annotations) {}

  void comment(std::uint64_t packet, std::string_view text) {
    if (!take(annotations_.comments.size() < Annotations::kMaxComments, text.size())) return;
    annotations_.comments.push_back({packet, std::string(text)});
  }
  void name(std::string address, std::string_view name) {
    if (!take(annotations_.names.size() < Annotations::kMaxNames, name.size())) return;
    annotations_.names.push_back({std::move(address), note_name(name)});
  }
  void tls_keys(std::uint64_t packets_before, std::string_view log) {
    if (log.size() > Annotations::kMaxSecrets - secrets_) {
      ++annotations_.left_out;
    } else if (!log.empty()) {  // an empty one would cost memory that no cap sees
      secrets_ += log.size();
      annotations_.tls_keys.push_back({packets_before, SecretText(log)});
    }
  }
  /// Takes over what another file's annotations hold, except comments and keys: packets have other
  /// numbers there.
  void take_over(const Annotations& other) {
    for (const Annotations::Name& each : other.names) name(each.address, each.name);
    if (annotations_.hardware.empty()) annotations_.hardware = other.hardware;
    if (annotations_.os.empty()) annotations_.os = other.os;
    if (annotations_.application.empty()) annotations_.application = other.application;
    annotations_.left_out += other.left_out;
  }

 private:
  bool take(bool has_room, std::size_t bytes) {
    if (!has_room || bytes > Annotations::kMaxText - text_) {
      ++annotations_.left_out;
      return false;
    }
    text_ += bytes;
    return true;
  }

  Annotations& annotations_;
  std::size_t text_ = 0;
  std::size_t secrets_ = 0;
};

}  // namespace wirelens
