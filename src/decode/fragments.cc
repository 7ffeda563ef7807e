// decode/fragments.cc - see fragments.h.
#include "decode/fragments.h"

#include <algorithm>
#include <cstring>

#include "base/work.h"
#include "decode/flaws.h"

namespace wirelens {

Fragments::Fragments(Ledger& ledger, DecodeCounts& counts) : ledger_(ledger), counts_(counts) {
  ledger_.cap(Charge::fragments, kMaxBytes);
}

Fragments::~Fragments() {
  for (const auto& slot : slots_) {
    ledger_.give(Charge::fragments, sizeof(Datagram) + slot->bytes.capacity());
  }
}

Fragments::Key Fragments::key_of(const Fragment& fragment) {
  Key key;
  key.source = fragment.source;
  key.destination = fragment.destination;
  key.outer = fragment.outer;
  key.identification = fragment.identification;
  key.version = fragment.version;
  key.protocol = fragment.version == 6 ? std::uint8_t{0} : fragment.protocol;
  return key;
}

std::size_t Fragments::bucket_of(const Key& key) const {
  static_assert(std::has_unique_object_representations_v<Key>);
  return siphash13(hash_key_, {reinterpret_cast<const std::uint8_t*>(&key), sizeof key}) % kBuckets;
}

std::size_t Fragments::find(const Key& key) const {
  std::size_t bucket = bucket_of(key);
  while (buckets_[bucket] != kNone && !(slots_[buckets_[bucket]]->key == key)) {
    work();
    bucket = (bucket + 1) % kBuckets;
  }
  return bucket;
}

Fragments::Joined Fragments::add(const Fragment& fragment, Timestamp now) {
  const bool is_ipv6 = fragment.version == 6;
  const std::uint64_t end = std::uint64_t{fragment.offset} + fragment.bytes.size();
  const bool malformed = fragment.bytes.empty() || end > kMaxDatagram ||
                         (fragment.more && fragment.bytes.size() % 8 != 0);
  if (malformed) {
    ++counts_.fragments_dropped;
    return {{}, 0, is_ipv6 ? &flaws::kIpv6Fragment : &flaws::kIpv4Fragment};
  }
  if (buckets_.empty()) buckets_.assign(kBuckets, kNone);  // once, at the first fragment
  expire(now);
  const Key key = key_of(fragment);
  std::size_t bucket = find(key);
  Datagram* datagram = buckets_[bucket] == kNone ? nullptr : slots_[buckets_[bucket]].get();
  if (datagram == nullptr) datagram = open(key, bucket, now);
  if (datagram == nullptr) {
    ++counts_.fragments_dropped;
    return {};
  }
  Joined joined;
  joined.flaw = insert(*datagram, fragment);
  bucket = find(key);  // making room may have moved it
  const std::uint32_t slot = buckets_[bucket];
  if (slot == kNone) return joined;
  const bool whole = datagram->total != 0 && datagram->covered == datagram->total;
  if (!whole) return joined;
  const Flaw* const flaw = joined.flaw;
  joined = join(slot);
  joined.flaw = flaw;
  return joined;
}

Fragments::Datagram* Fragments::open(const Key& key, std::size_t bucket, Timestamp now) {
  const std::uint32_t slot = new_slot();
  if (slot == kNone) return nullptr;
  Datagram& datagram = *slots_[slot];
  datagram.key = key;
  datagram.begun = now;
  datagram.total = datagram.covered = datagram.fragments = 0;
  datagram.pieces_used = 0;
  datagram.protocol = 0;
  datagram.discarded = false;
  datagram.bytes.clear();
  datagram.older = newest_;
  datagram.newer = kNone;
  (newest_ == kNone ? oldest_ : slots_[newest_]->newer) = slot;
  newest_ = slot;
  bucket = find(key);  // a dropped datagram may have moved the free place
  buckets_[bucket] = slot;
  return &datagram;
}

std::uint32_t Fragments::new_slot() {
  if (spare_.empty() && free_.empty()) {
    if (slots_.size() < kMaxDatagrams && ledger_.take(Charge::fragments, sizeof(Datagram))) {
      slots_.push_back(std::make_unique<Datagram>());
      return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    if (!make_room(nullptr)) return kNone;
  }
  std::vector<std::uint32_t>& from = spare_.empty() ? free_ : spare_;
  const std::uint32_t slot = from.back();
  from.pop_back();
  return slot;
}

/// Gives back a buffer that nobody uses, or else drops the oldest datagram. False: there is
/// neither.
bool Fragments::make_room(const Datagram* except) {
  if (!spare_.empty()) {
    const std::uint32_t slot = spare_.back();
    spare_.pop_back();
    ledger_.give(Charge::fragments, slots_[slot]->bytes.capacity());
    std::vector<std::uint8_t>().swap(slots_[slot]->bytes);
    free_.push_back(slot);
    return true;
  }
  std::uint32_t oldest = oldest_;
  if (oldest != kNone && slots_[oldest].get() == except) oldest = slots_[oldest]->newer;
  if (oldest == kNone) return false;
  drop(oldest);
  return true;
}

bool Fragments::reserve(Datagram& datagram, std::size_t more) {
  const std::size_t needed = datagram.bytes.size() + more;
  const std::size_t before = datagram.bytes.capacity();
  if (needed <= before) return true;
  const std::size_t after = std::max<std::size_t>({needed, before * 2, 2048});
  while (!ledger_.take(Charge::fragments, after - before)) {
    if (!make_room(&datagram)) return false;
  }
  datagram.bytes.reserve(after);
  return true;
}

void Fragments::expire(Timestamp now) {
  while (oldest_ != kNone && now - slots_[oldest_]->begun > kPatience) drop(oldest_);
}

void Fragments::drop(std::uint32_t slot) {
  counts_.fragments_dropped += slots_[slot]->fragments;
  close(slot);
}

void Fragments::close(std::uint32_t slot) {
  Datagram& datagram = *slots_[slot];
  erase_bucket(find(datagram.key));
  unlink(datagram);
  (datagram.bytes.capacity() > 0 ? spare_ : free_).push_back(slot);
}

void Fragments::unlink(Datagram& datagram) {
  (datagram.older == kNone ? oldest_ : slots_[datagram.older]->newer) = datagram.newer;
  (datagram.newer == kNone ? newest_ : slots_[datagram.newer]->older) = datagram.older;
}

/// Linear probing without tombstones: what comes behind moves up.
void Fragments::erase_bucket(std::size_t bucket) {
  std::size_t hole = bucket;
  for (std::size_t next = (hole + 1) % kBuckets; buckets_[next] != kNone;
       next = (next + 1) % kBuckets) {
    work();
    const std::size_t home = bucket_of(slots_[buckets_[next]]->key);
    const bool stays = (next + kBuckets - home) % kBuckets < (next + kBuckets - hole) % kBuckets;
    if (stays) continue;
    buckets_[hole] = buckets_[next];
    hole = next;
  }
  buckets_[hole] = kNone;
}

/// Takes in what is new of the fragment. The datagram may be gone afterwards.
const Flaw* Fragments::insert(Datagram& datagram, const Fragment& fragment) {
  const bool is_ipv6 = fragment.version == 6;
  const Flaw* const overlap = is_ipv6 ? &flaws::kIpv6Overlap : &flaws::kIpv4Overlap;
  if (datagram.discarded) {
    ++counts_.fragments_dropped;
    return nullptr;
  }
  const auto begin = fragment.offset;
  const auto end = static_cast<std::uint32_t>(fragment.offset + fragment.bytes.size());
  const auto first = datagram.pieces.begin();
  const auto last = first + datagram.pieces_used;
  work(datagram.pieces_used);
  const auto touched =
      std::find_if(first, last, [&](const Piece& piece) { return piece.end() > begin; });
  const bool duplicate = touched != last && touched->begin == begin && touched->end() == end &&
                         std::memcmp(datagram.bytes.data() + touched->stored_at,
                                     fragment.bytes.data(), end - begin) == 0;
  const std::uint32_t reached = last == first ? 0 : (last - 1)->end();
  const bool ends_elsewhere =  // two ends, or bytes behind the end
      (datagram.total != 0 &&
       (end > datagram.total || (!fragment.more && end != datagram.total))) ||
      (!fragment.more && end < reached);
  ++datagram.fragments;
  if (duplicate && !ends_elsewhere) {
    if (!fragment.more) datagram.total = end;
    return nullptr;
  }
  const bool overlaps = touched != last && touched->begin < end;
  if (is_ipv6 && (overlaps || ends_elsewhere)) {
    counts_.fragments_dropped += datagram.fragments;
    datagram.fragments = 0;
    datagram.discarded = true;
    datagram.total = 0;
    return overlap;
  }
  if (ends_elsewhere) return overlap;
  if (!fill(datagram, fragment)) {
    drop(buckets_[find(datagram.key)]);
    return &flaws::kTooManyFragments;
  }
  if (fragment.offset == 0) datagram.protocol = fragment.protocol;
  if (!fragment.more) datagram.total = end;
  return overlaps ? overlap : nullptr;
}

/// Stores the parts of the fragment that no earlier one covers.
bool Fragments::fill(Datagram& datagram, const Fragment& fragment) {
  std::uint32_t at = fragment.offset;
  const auto end = static_cast<std::uint32_t>(fragment.offset + fragment.bytes.size());
  if (datagram.fragments > kMaxPieces || !reserve(datagram, fragment.bytes.size())) return false;
  for (std::size_t i = 0; at < end; ++i) {
    work();
    const bool none_left = i == datagram.pieces_used;
    if (!none_left && datagram.pieces[i].end() <= at) continue;
    const std::uint32_t next =
        none_left ? end : std::min<std::uint32_t>(end, datagram.pieces[i].begin);
    if (at < next) {
      if (!store(datagram, i, at, next, fragment)) return false;
      at = next;
    } else {
      at = std::max(at, datagram.pieces[i].end());
    }
  }
  return true;
}

bool Fragments::store(Datagram& datagram, std::size_t index, std::uint32_t begin, std::uint32_t end,
                      const Fragment& fragment) {
  if (datagram.pieces_used == kMaxPieces) return false;
  const auto place = datagram.pieces.begin() + static_cast<std::ptrdiff_t>(index);
  const auto last = datagram.pieces.begin() + datagram.pieces_used;
  work(static_cast<std::uint64_t>(last - place));
  std::copy_backward(place, last, last + 1);
  *place = {static_cast<std::uint16_t>(begin), static_cast<std::uint16_t>(end - begin),
            static_cast<std::uint32_t>(datagram.bytes.size())};
  ++datagram.pieces_used;
  datagram.covered += end - begin;
  const Bytes part = fragment.bytes.subspan(begin - fragment.offset, end - begin);
  datagram.bytes.insert(datagram.bytes.end(), part.begin(), part.end());
  return true;
}

Fragments::Joined Fragments::join(std::uint32_t slot) {
  const Datagram& datagram = *slots_[slot];
  if (whole_in_use_ == whole_.size()) whole_.emplace_back().reserve(kMaxDatagram);
  std::vector<std::uint8_t>& whole = whole_[whole_in_use_++];
  whole.resize(datagram.total);
  for (std::size_t i = 0; i < datagram.pieces_used; ++i) {
    const Piece& piece = datagram.pieces[i];
    std::memcpy(whole.data() + piece.begin, datagram.bytes.data() + piece.stored_at, piece.length);
  }
  ++counts_.datagrams_joined;
  Joined joined{whole, datagram.protocol, nullptr};
  close(slot);
  return joined;
}

}  // namespace wirelens
