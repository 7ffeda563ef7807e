// capture/format.h - a savefile format: from bytes to packets.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/clock.h"
#include "capture/source.h"

namespace wirelens {

/// The longest packet that a savefile is believed to hold; a record that claims more is damage. The
/// limit of tcpdump and Wireshark for what travels over networks.
inline constexpr std::size_t kMaxCaptured = 262'144;

struct Parsed {
  std::size_t packets = 0;   ///< filled in
  std::size_t consumed = 0;  ///< bytes that are done with
  std::size_t need = 0;  ///< wants so many bytes behind those; 0: stopped at a packet without room
  std::string damage;    ///< not empty: what lies behind those is broken
};

/// Loads in a file's byte order.
struct ByteOrder {
  bool big = false;

  std::uint16_t u16(const std::uint8_t* at) const { return big ? load_be16(at) : load_le16(at); }
  std::uint32_t u32(const std::uint8_t* at) const { return big ? load_be32(at) : load_le32(at); }
  std::uint64_t u64(const std::uint8_t* at) const { return big ? load_be64(at) : load_le64(at); }
};

/// Parses a savefile from its first byte to its last, a stretch at a time, in one pass. Packets
/// borrow from the stretch.
class Format {
 public:
  virtual ~Format() = default;

  /// Parses records from the front of `stretch` until packets are full, a record is not whole, or
  /// something is broken.
  virtual Parsed parse(Bytes stretch, std::span<Packet> packets) = 0;
  /// What a record that is cut off by the end of the input is called: "packet 17", "block".
  virtual std::string unfinished() const = 0;

  const std::vector<Interface>& interfaces() const { return interfaces_; }
  const Annotations& annotations() const { return annotations_; }

 protected:
  /// Numbers a packet and gives it its time.
  void stamp(Packet& packet, Timestamp time) {
    packet.number = ++packets_;
    last_time_ = time;
    packet.time = time;
    packet.now = now_ = clock_.advance(time);
  }
  /// The same for a packet whose time the file does not tell.
  void stamp_untimed(Packet& packet) {
    packet.number = ++packets_;
    packet.time = last_time_;
    packet.now = now_;
  }

  std::vector<Interface> interfaces_;
  Annotations annotations_;
  std::uint64_t packets_ = 0;

 private:
  PacketTime clock_;
  Timestamp last_time_{};
  Timestamp now_{};
};

/// The most that format_of wants to see.
inline constexpr std::size_t kFormatHead = 24;

/// The format that a file with these first bytes has. An Error says what it looks like instead.
Result<std::unique_ptr<Format>> format_of(Bytes head);

/// pcap (draft-ietf-opsawg-pcap): microseconds or nanoseconds, either byte order, the modified
/// variant with eight more bytes a record. `head` holds kFormatHead bytes.
Result<std::unique_ptr<Format>> pcap_format(Bytes head);
/// pcapng (draft-ietf-opsawg-pcapng).
std::unique_ptr<Format> pcapng_format();

}  // namespace wirelens
