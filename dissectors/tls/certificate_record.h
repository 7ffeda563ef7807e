// tls/certificate_record.h - what a `tls` record tells of certificates.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dissect/dissector.h"
#include "event/tls.h"
#include "tls/certificates.h"

namespace wirelens::tls {

/// Fills a record, and holds what the record borrows until it is written.
class CertificateRecord {
 public:
  /// The server's chain and what a client thinks of it that asked for `host` at `at`.
  void tell_server(Context& context, std::span<const Bytes> der, std::string_view host,
                   Timestamp at, TlsSession& record);
  /// The client's chain. Whom the server trusts nobody knows, so it is not verified.
  void tell_client(std::span<const Bytes> der, TlsSession& record);

 private:
  std::shared_ptr<const Chain> server_, client_;
  std::vector<std::string_view> faults_;
};

}  // namespace wirelens::tls
