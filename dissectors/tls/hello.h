// tls/hello.h - ClientHello, ServerHello and EncryptedExtensions, taken apart.
//
// RFC 8446 section 4.1; RFC 5246 section 7.4.1. All views borrow from the message. What a broken
// message held before it broke is kept, and `whole` is false.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "tls/names.h"

namespace wirelens::tls {

/// A list of 16-bit numbers as it stands in a message.
class Numbers {
 public:
  Numbers() = default;
  explicit Numbers(Bytes list) : list_(list.first(list.size() & ~std::size_t{1})) {}

  std::size_t size() const { return list_.size() / 2; }
  bool empty() const { return list_.empty(); }
  std::uint16_t operator[](std::size_t i) const { return load_be16(&list_[2 * i]); }

  class Iterator {
   public:
    explicit Iterator(const std::uint8_t* at) : at_(at) {}
    std::uint16_t operator*() const { return load_be16(at_); }
    Iterator& operator++() {
      at_ += 2;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const std::uint8_t* at_;
  };
  Iterator begin() const { return Iterator(list_.data()); }
  Iterator end() const { return Iterator(list_.data() + list_.size()); }

 private:
  Bytes list_;
};

/// The extensions of a message, in order: while (const auto next = extensions.next()) ...
struct Extension {
  ExtensionType type{};
  Bytes data;
};
class Extensions {
 public:
  Extensions() = default;
  explicit Extensions(Bytes list) : reader_(list) {}

  std::optional<Extension> next() {
    if (reader_.left() == 0) return std::nullopt;
    Extension extension{static_cast<ExtensionType>(reader_.u16()), {}};
    extension.data = reader_.take(reader_.u16());
    if (!reader_.ok()) return std::nullopt;
    return extension;
  }
  /// All of them were whole.
  bool ok() const { return reader_.ok(); }

 private:
  ByteReader reader_{Bytes()};
};

/// Names in a ProtocolNameList (RFC 7301 section 3.1).
class AlpnNames {
 public:
  explicit AlpnNames(Bytes list) : reader_(list) {}
  std::optional<std::string_view> next() {
    if (reader_.left() == 0) return std::nullopt;
    const Bytes name = reader_.take(reader_.u8());
    if (!reader_.ok()) return std::nullopt;
    return as_text(name);
  }

 private:
  ByteReader reader_;
};

/// Entries of a SignedCertificateTimestampList (RFC 6962 section 3.3).
std::size_t count_scts(Bytes data);

struct ClientHello {
  bool whole = false;
  std::uint16_t legacy_version = 0;
  Bytes random;
  Bytes session_id;
  Numbers ciphers;
  Bytes compression_methods;
  Bytes extensions;  ///< the list, without its length

  // From the extensions.
  std::optional<std::string_view> server_name;
  Bytes alpn;  ///< list of names
  Numbers versions;
  Numbers groups;
  Numbers signatures;
  Bytes point_formats;
  Numbers certificate_compressions;
  std::size_t ticket_bytes = 0;  ///< of the session ticket that is offered (RFC 5077)
  std::size_t psk_identities = 0;
  bool early_data = false;
  bool ech = false;   ///< an encrypted hello inside (maybe GREASE: nobody can tell)
  bool esni = false;  ///< the name encrypted as in drafts before ECH
  bool extended_master_secret = false;
  bool encrypt_then_mac = false;
  bool status_request = false;
  bool sct = false;
  bool renegotiation_info = false;
  bool renegotiates = false;  ///< renegotiation_info is not empty (RFC 5746 section 3.5)
  bool post_handshake_auth = false;

  /// The latest version that the client offers.
  std::uint16_t best_version() const;
  /// In supported_versions.
  bool offers(std::uint16_t version) const;
};

struct ServerHello {
  bool whole = false;
  std::uint16_t legacy_version = 0;
  Bytes random;
  Bytes session_id;
  std::uint16_t cipher = 0;
  std::uint8_t compression = 0;
  Bytes extensions;

  std::optional<std::uint16_t> selected_version;
  std::optional<std::string_view> alpn;
  std::optional<std::uint16_t> group;         ///< key share: the group (alone: retry with it)
  std::optional<std::uint16_t> psk_identity;  ///< the pre-shared key that was taken
  bool session_ticket = false;                ///< a ticket will follow
  bool extended_master_secret = false;
  bool encrypt_then_mac = false;
  bool status_request = false;
  std::size_t scts = 0;  ///< signed certificate timestamps (RFC 6962 section 3.3)
  bool renegotiation_info = false;
  bool ech_confirmation = false;  ///< in a retry: the server took note of ECH

  std::uint16_t version() const { return selected_version.value_or(legacy_version); }
  /// RFC 8446 section 4.1.3: the random is the mark of a HelloRetryRequest.
  bool is_retry() const;
  /// RFC 8446 section 4.1.3: the random says that the server could do better than it does, so
  /// somebody on the way took the client's best versions away.
  bool is_downgrade() const;
};

/// RFC 8446 section 4.3.1. Also the extensions of ALPN and early data in what QUIC carries.
struct EncryptedExtensions {
  bool whole = false;
  std::optional<std::string_view> alpn;
  bool early_data = false;
  bool ech_retry = false;  ///< ECH was refused, and new configurations are offered
};

// `body` is the message without its type and length.
ClientHello read_client_hello(Bytes body);
ServerHello read_server_hello(Bytes body);
EncryptedExtensions read_encrypted_extensions(Bytes body);

}  // namespace wirelens::tls
