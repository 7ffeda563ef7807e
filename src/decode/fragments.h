// decode/fragments.h - joins IP fragments (RFC 791 section 3.2, RFC 8200 section 4.5).
//
// IPv4: the first copy of a byte wins, and an overlap is a flaw (RFC 1858). IPv6: an overlap
// discards the datagram and whatever else comes of it (RFC 5722). Exact duplicates are neither.
// Memory grows with the bytes that came, never with the offsets that they claim.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/ledger.h"
#include "base/time.h"
#include "decode/decode.h"

namespace wirelens {

/// One fragment: whose, where, and its bytes, all of them captured.
struct Fragment {
  AddressBytes source{};
  AddressBytes destination{};
  std::uint32_t outer = 0;  ///< FlowKey::outer
  std::uint32_t identification = 0;
  std::uint8_t version = 4;
  std::uint8_t protocol = 0;  ///< IPv6: the fragment header's next header
  std::uint32_t offset = 0;   ///< in bytes
  bool more = false;
  Bytes bytes;
};

class Fragments {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{8} << 20;  ///< cap of Charge::fragments
  static constexpr std::size_t kMaxDatagrams = 4096;
  static constexpr std::size_t kMaxPieces = 64;  ///< a datagram
  static constexpr Duration kPatience = std::chrono::seconds(30);
  static constexpr std::uint32_t kMaxDatagram = 65535;

  Fragments(Ledger& ledger, DecodeCounts& counts);
  ~Fragments();
  Fragments(const Fragments&) = delete;
  Fragments& operator=(const Fragments&) = delete;

  struct Joined {
    Bytes datagram;             ///< empty: it waits for others, or was dropped
    std::uint8_t protocol = 0;  ///< of the first fragment
    const Flaw* flaw = nullptr;
  };
  /// `now` never goes back. The datagram lives until recycle().
  Joined add(const Fragment& fragment, Timestamp now);
  /// A new packet begins: whole datagrams of the last one may be overwritten.
  void recycle() { whole_in_use_ = 0; }

 private:
  struct Key {
    AddressBytes source{};
    AddressBytes destination{};
    std::uint32_t outer = 0;
    std::uint32_t identification = 0;
    std::uint8_t version = 0;
    std::uint8_t protocol = 0;  // 0 for IPv6, where it isn't part of the key
    std::uint16_t reserved = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Piece {
    std::uint16_t begin;
    std::uint16_t length;
    std::uint32_t stored_at;  // in Datagram::bytes
    std::uint32_t end() const { return std::uint32_t{begin} + length; }
  };
  struct Datagram {
    Key key;
    Timestamp begun;
    std::uint32_t older = kNone, newer = kNone;
    std::uint32_t total = 0;  // 0: the last fragment hasn't come
    std::uint32_t covered = 0;
    std::uint32_t fragments = 0;
    std::uint16_t pieces_used = 0;
    std::uint8_t protocol = 0;
    bool discarded = false;                // an IPv6 overlap: swallow the rest
    std::array<Piece, kMaxPieces> pieces;  // in order of begin, disjoint
    std::vector<std::uint8_t> bytes;       // in order of arrival
  };
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::size_t kBuckets = 2 * kMaxDatagrams;

  static Key key_of(const Fragment& fragment);
  std::size_t bucket_of(const Key& key) const;
  std::size_t find(const Key& key) const;  // its bucket, or the empty one where it would be
  Datagram* open(const Key& key, std::size_t bucket, Timestamp now);
  std::uint32_t new_slot();
  bool reserve(Datagram& datagram, std::size_t more);
  bool make_room(const Datagram* except);
  void close(std::uint32_t slot);
  void drop(std::uint32_t slot);
  void expire(Timestamp now);
  void unlink(Datagram& datagram);
  void erase_bucket(std::size_t bucket);
  const Flaw* insert(Datagram& datagram, const Fragment& fragment);
  const Flaw* discard(Datagram& datagram);
  bool fill(Datagram& datagram, const Fragment& fragment);
  bool store(Datagram& datagram, std::size_t index, std::uint32_t begin, std::uint32_t end,
             const Fragment& fragment);
  Joined join(std::uint32_t slot);

  Ledger& ledger_;
  DecodeCounts& counts_;
  HashKey hash_key_ = HashKey::random();
  std::vector<std::uint32_t> buckets_;  // slots, open addressing
  std::vector<std::unique_ptr<Datagram>> slots_;
  std::vector<std::uint32_t> spare_;  // slots to use again that kept their buffers
  std::vector<std::uint32_t> free_;   // and those without
  std::uint32_t oldest_ = kNone, newest_ = kNone;
  std::vector<std::vector<std::uint8_t>> whole_;  // one a nesting of tunnels
  std::size_t whole_in_use_ = 0;
};

}  // namespace wirelens
