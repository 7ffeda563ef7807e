// base/secret.h - memory that is overwritten when it is given back: for keys and plaintext.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace wirelens {

/// Overwrites `bytes` in a way that no compiler leaves out.
void wipe(void* at, std::size_t bytes);

/// A secret of at most 64 bytes (a TLS secret has 32 or 48), wiped when it goes.
class Secret {
 public:
  static constexpr std::size_t kMost = 64;

  Secret() = default;
  /// Takes at most kMost bytes.
  explicit Secret(Bytes bytes) { assign(bytes); }
  Secret(const Secret& other) { assign(other.bytes()); }
  Secret& operator=(const Secret& other) {
    if (this != &other) assign(other.bytes());
    return *this;
  }
  ~Secret() { wipe(bytes_.data(), size_); }

  Bytes bytes() const { return Bytes(bytes_).first(size_); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Makes it `size` bytes of zeros, to be written by the caller.
  std::uint8_t* resize(std::size_t size) {
    wipe(bytes_.data(), size_);
    size_ = static_cast<std::uint8_t>(std::min(size, kMost));
    return bytes_.data();
  }

 private:
  void assign(Bytes bytes) {
    bytes = bytes.first(std::min(bytes.size(), kMost));
    std::copy(bytes.begin(), bytes.end(), resize(bytes.size()));
  }

  std::array<std::uint8_t, kMost> bytes_{};
  std::uint8_t size_ = 0;
};

/// Text of any length that is wiped when it goes.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string_view text) : text_(text) {}
  explicit SecretText(std::string&& text) : text_(std::move(text)) {}
  SecretText(const SecretText&) = default;
  SecretText(SecretText&& other) noexcept { text_.swap(other.text_); }
  SecretText& operator=(SecretText other) noexcept {
    text_.swap(other.text_);
    return *this;
  }
  ~SecretText() { wipe(text_.data(), text_.size()); }

  std::string_view view() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

/// A memory resource that wipes what comes back to it.
class WipingResource final : public std::pmr::memory_resource {
 public:
  explicit WipingResource(std::pmr::memory_resource& upstream) : upstream_(upstream) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return upstream_.allocate(bytes, alignment);
  }
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
    wipe(at, bytes);
    upstream_.deallocate(at, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  std::pmr::memory_resource& upstream_;
};

}  // namespace wirelens
