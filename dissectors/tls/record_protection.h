// tls/record_protection.h - opens records: RFC 8446 section 5.2, RFC 5246 section 6.2.3, RFC 7366,
// RFC 6101 section 5.2.3.
//
// Every record is authenticated before anybody hears of its content. Sequence numbers are counted,
// not sent: behind a hole they are searched for, within a bound.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/secret.h"
#include "tls/decryption.h"
#include "tls/key_schedule.h"
#include "tls/record.h"
#include "tls/suite.h"

namespace wirelens::tls {

/// Where the content of a record lies when it was opened; wiped when it goes. All protections of a
/// worker may share one: what they open is lent until the next record.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { wipe(bytes_.data(), bytes_.size()); }

  std::uint8_t* data() { return bytes_.data(); }

 private:
  // A block cipher may write a block more than it is given.
  std::array<std::uint8_t, RecordHeader::kMaxLength + 64> bytes_{};
};

/// TLS 1.3: `secret` is a traffic secret of this direction. nullptr if OpenSSL lacks the cipher.
std::unique_ptr<RecordProtection> protect_by_secret(const Suite& suite, const Secret& secret,
                                                    std::shared_ptr<Scratch> scratch);

/// The same from a session's middle: nullptr unless `secret` opens this record, which may have any
/// number with AES-GCM, and one up to kFarthestStart with others.
std::unique_ptr<RecordProtection> protect_from(const Suite& suite, const Secret& secret,
                                               std::shared_ptr<Scratch> scratch,
                                               const RecordHeader& header, Bytes fragment);
inline constexpr std::uint64_t kFarthestStart = 1024;

/// SSL 3.0 to TLS 1.2. nullptr if OpenSSL lacks the cipher, or the suite is an export one.
std::unique_ptr<RecordProtection> protect_by_keys(std::uint16_t version, const Suite& suite,
                                                  const DirectionKeys& keys, bool encrypt_then_mac,
                                                  std::shared_ptr<Scratch> scratch);

/// The part of protect_by_keys() for suites whose records carry a MAC.
std::unique_ptr<RecordProtection> protect_by_mac(std::uint16_t version, const Suite& suite,
                                                 const DirectionKeys& keys, bool encrypt_then_mac,
                                                 std::shared_ptr<Scratch> scratch);

/// The number of the next record of a direction.
class SequenceNumber {
 public:
  /// Records that a hole may have swallowed, at most, if it is to be bridged.
  static constexpr unsigned kFarthest = 64;
  /// Records in a row that may fail behind a hole until no more are tried.
  static constexpr unsigned kMostFailures = 16;

  /// Tries `opens(number)` with the number, or behind a hole with those that it may be; true if one
  /// fits. What fails does not count.
  template <class Opens>
  bool find(Opens opens) {
    if (failures_ >= kMostFailures) return false;
    const std::uint64_t farthest = next_ + ahead_;
    for (std::uint64_t number = next_; number <= farthest; ++number) {
      if (!opens(number)) continue;
      next_ = number + 1;
      ahead_ = 0;
      failures_ = 0;
      return true;
    }
    if (ahead_ > 0) ++failures_;
    return false;
  }
  void missed(std::optional<std::uint64_t> records) {
    if (records) {
      next_ += *records;
    } else {
      ahead_ = kFarthest;
    }
  }
  std::uint64_t next() const { return next_; }
  void skip() { ++next_; }
  void go_to(std::uint64_t number) {
    restart();
    next_ = number;
  }
  void restart() { *this = {}; }

 private:
  std::uint64_t next_ = 0;
  unsigned ahead_ = 0;
  unsigned failures_ = 0;
};

}  // namespace wirelens::tls
