// tls/decryption.h - what the dissector asks of whoever knows the keys.
//
// One Decryption belongs to one connection, and hears every handshake message, in clear or opened,
// in the order of each direction. When records of a direction begin to be protected, or their keys
// change, the dissector asks for their protection; without one it steps over them.
//
//   moment                                              asks for
//   --------------------------------------------------  ------------------------------------------
//   ClientHello with early_data has been read           client, early
//   ServerHello of TLS 1.3 has been read (no retry)      both, handshake
//   EndOfEarlyData (opened) has been read               (client goes on with handshake)
//   Finished of TLS 1.3 (opened) has been read          its sender, application
//   KeyUpdate (opened) has been read                    RecordProtection::update()
//   ChangeCipherSpec of TLS 1.2 and before              its sender, application
//   secrets were learnt since a record was stepped over  its sender, application, or handshake in
//                                                       TLS 1.3 before that is complete
//   a record was read, but no handshake                 find()
//
// Opened records go the same way as those in clear: handshake messages to the handshake, alerts to
// the record, application data to the conversation inside.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "dissect/dissector.h"
#include "tls/record.h"

namespace wirelens::tls {

/// Which keys protect a record.
enum class Epoch : std::uint8_t { early, handshake, application };

/// Who speaks in TLS, whatever the connection's ends are called.
enum class Role : std::uint8_t { client = 0, server = 1 };

/// What the hellos agreed on. Before the ServerHello only client_random is known.
struct Agreement {
  std::uint16_t version = 0;
  std::uint16_t cipher = 0;
  std::uint8_t compression = 0;
  bool extended_master_secret = false;
  bool encrypt_then_mac = false;
  std::array<std::uint8_t, 32> client_random{};
  std::array<std::uint8_t, 32> server_random{};
};

/// Opens the records of one direction, one after the other.
class RecordProtection {
 public:
  virtual ~RecordProtection() = default;

  struct Opened {
    ContentType type{};
    Bytes content;  ///< lent until the next call
  };
  /// The next record; nothing if it is not authentic (then it is as if it had not come).
  virtual std::optional<Opened> open(const RecordHeader& header, Bytes fragment) = 0;
  /// Records are missing: how many, if that is known.
  virtual void missed(std::optional<std::uint64_t> records) = 0;
  /// Of the next record, under these keys; behind a hole as it was in front of that.
  virtual std::uint64_t number() const = 0;
  /// The keys after these (RFC 8446 section 7.2). False: there are none.
  virtual bool update() { return false; }
  /// Bytes of content in a record of `length`, about: what a hole takes away from who reads inside.
  virtual std::size_t content_size(std::size_t length) const { return length; }
};

/// Keys that were found by a record that they open.
struct FoundKeys {
  std::unique_ptr<RecordProtection> protection;  ///< the next record to open is that one
  std::uint16_t cipher = 0;
  std::uint64_t tried = 0;  ///< secrets, until these
};

/// The secrets of one connection.
class Decryption {
 public:
  virtual ~Decryption() = default;

  /// A handshake message, whole. `agreement` is as it stands behind the message.
  virtual void message(Role from, HandshakeType type, Bytes whole, const Agreement& agreement) = 0;
  /// nullptr: the keys are not known; see learnt().
  virtual std::unique_ptr<RecordProtection> protection(Role from, Epoch epoch,
                                                       const Agreement& agreement) = 0;
  /// The ClientHello was not seen: which session of the key log has the secret that opens this
  /// record, wherever in the session it is? Records in a row go on with the search.
  /// `packet` brought it.
  virtual std::optional<FoundKeys> find(Role from, const RecordHeader& header, Bytes fragment,
                                        std::uint64_t packet) = 0;
  /// There are secrets of which find() has not said no.
  virtual bool may_find(Role from) const = 0;
  /// Secrets may still come, of a key log that somebody is writing.
  virtual bool may_learn() const { return false; }
  /// How many have come: when it has grown, protection() may be asked again.
  virtual std::uint64_t learnt() const { return 0; }
};

/// Asked when a connection begins; nullptr: the user gave no keys.
std::unique_ptr<Decryption> begin_decryption(Context& context);

}  // namespace wirelens::tls
