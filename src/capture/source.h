// capture/source.h - where packets come from: a savefile, a stream, an interface.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "capture/packet.h"

namespace wirelens {

/// An input that broke before its end. What came before it has been delivered.
struct Damage {
  std::string file;
  std::uint64_t offset = 0;  ///< byte of the file (decompressed, where it is compressed)
  std::string reason;        ///< one line, without a full stop
};

/// Things in a savefile beside packets, kept for whoever wants them. Bounded: what goes past a cap
/// is counted, not kept.
struct Annotations {
  static constexpr std::size_t kMaxComments = 10'000;
  static constexpr std::size_t kMaxNames = 65'536;
  static constexpr std::size_t kMaxText = 8u << 20;      ///< bytes of comments and names together
  static constexpr std::size_t kMaxSecrets = 16u << 20;  ///< bytes of TLS key logs together

  struct Comment {
    std::uint64_t packet = 0;  ///< 0: about the section or an interface
    std::string text;
  };
  struct Name {
    std::string address;  ///< IPv4 or IPv6 address in text
    std::string name;
  };
  /// Lines of a TLS key log (a pcapng's decryption secrets block).
  struct Keys {
    std::uint64_t packets_before = 0;  ///< number of the packet behind which they stand, 0: none
    SecretText log;
  };
  std::vector<Comment> comments;
  std::vector<Name> names;                ///< of name resolution blocks
  std::vector<Keys> tls_keys;             ///< in the order in which they stand
  std::string hardware, os, application;  ///< what the first section says
  std::uint64_t left_out = 0;             ///< what went past those caps
};

struct ReadResult {
  std::size_t count = 0;  ///< packets filled in
  bool ended = false;     ///< nothing comes after them
};

class Source {
 public:
  virtual ~Source() = default;

  /// Fills `packets` from the front. A live source or a pipe may return nothing without having
  /// ended: time for whoever waits on output. The bytes live until the next call.
  virtual ReadResult read(std::span<Packet> packets) = 0;
  /// The same input can be opened again, and reading it once more is cheap: each worker can have a
  /// source of its own.
  virtual bool repeatable() const { return false; }

  /// Grows while packets are read, entries never change place.
  virtual const std::vector<Interface>& interfaces() const = 0;
  virtual const Annotations& annotations() const = 0;
  /// What broke, by the time that read() has ended. Several files, several damages.
  virtual const std::vector<Damage>& damages() const = 0;
  /// Names of the inputs, as the user gave them.
  virtual const std::vector<std::string>& names() const = 0;
  /// Things that happened while capturing and that a person should know (an interface went down and
  /// came back at which packet): lines without a newline.
  virtual const std::vector<std::string>& remarks() const = 0;

  /// For progress: bytes read so far and in all (absent for pipes and interfaces).
  virtual std::uint64_t bytes_read() const = 0;
  virtual std::optional<std::uint64_t> bytes_total() const = 0;
};

struct OpenOptions {
  std::string filter;        ///< BPF expression, empty: everything
  bool use_libpcap = false;  ///< read savefiles with libpcap instead of our reader (for comparison)
  const std::atomic<bool>* stop = nullptr;  ///< set by a signal handler; ends a wait on a pipe
};

/// Opens one savefile ("-": standard input): pcap and pcapng by our own reader, also
/// inside gzip or zstd; anything else that libpcap reads by libpcap. Reads ahead to
/// the first packet, so that interfaces() can be asked at once. An Error if nothing of it can be
/// read.
Result<std::unique_ptr<Source>> open_savefile(const std::string& path, const OpenOptions& options);

/// Several savefiles as one timeline, ordered by packet time (ties: order of the arguments),
/// numbered from 1 over all. One that cannot be read is a Damage; an Error if none can.
Result<std::unique_ptr<Source>> open_savefiles(const std::vector<std::string>& paths,
                                               const OpenOptions& options);

struct LiveOptions {
  std::string interface;
  std::string filter;
  std::uint32_t snaplen = 262144;
  std::size_t buffer_bytes = 64u << 20;
  bool promiscuous = true;
  std::optional<Duration> duration;         ///< stop after so long
  std::optional<std::uint64_t> count;       ///< stop after so many packets
  const std::atomic<bool>* stop = nullptr;  ///< set by a signal handler
};
Result<std::unique_ptr<Source>> open_live(const LiveOptions& options);

/// What `live -i` can take.
struct InterfaceInfo {
  std::string name;
  std::string description;
  std::vector<std::string> addresses;
  bool up = false;
  bool loopback = false;
  std::string obstacle;  ///< why it cannot be opened; empty: it can
};
Result<std::vector<InterfaceInfo>> list_interfaces();

/// libpcap's name of a link type ("EN10MB"), or its number.
std::string linktype_name(std::uint16_t linktype);

}  // namespace wirelens
