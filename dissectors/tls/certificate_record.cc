// tls/certificate_record.cc - asks the worker's verifier.
#include "tls/certificate_record.h"

#include <algorithm>
#include <string>

#include "dissect/shelf.h"
#include "tls/verification.h"

namespace wirelens::tls {
namespace {

/// The worker's; trusts nobody if the store cannot be read (the command line has checked the file).
Verifier& verifier_of(const DissectSettings& settings) {
  return settings.shelf->of<Verifier>([&] {
    auto trust = TrustStore::open(std::string(settings.ca_file));
    return std::make_unique<Verifier>(trust ? *trust : TrustStore::none());
  });
}

}  // namespace

void CertificateRecord::tell_server(Context& context, std::span<const Bytes> der,
                                    std::string_view host, Timestamp at, TlsSession& record) {
  if (der.empty() || context.settings().shelf == nullptr) return;
  Assessment found = verifier_of(context.settings()).assess(der, host, at);
  server_ = std::move(found.chain);
  record.certificates = server_->records();
  record.verification = found.verdict.text();
  if (!found.verdict.browser_error.empty()) record.browser_error = found.verdict.browser_error;
  for (std::size_t i = 0; i < kCertificateFaults; ++i) {
    const auto fault = static_cast<CertificateFault>(i);
    if (found.verdict.has(fault)) faults_.push_back(name_of(fault));
  }
  if (!faults_.empty()) record.certificate_faults = faults_;
  const bool malformed = std::any_of(server_->records().begin(), server_->records().end(),
                                     [](const Certificate& each) { return !each.subject; });
  if (malformed) context.flaw(kMalformedCertificate, std::nullopt);
}

void CertificateRecord::tell_client(std::span<const Bytes> der, TlsSession& record) {
  if (der.empty()) return;
  client_ = std::make_shared<const Chain>(der);
  record.client_certificates = client_->records();
}

}  // namespace wirelens::tls
